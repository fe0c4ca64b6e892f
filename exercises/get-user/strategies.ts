import type { User } from "@unblock/backends/database";
import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { type Call, checkRange, defineExercise, runIn } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const queryUser = task(workModule, work.queryUser);
const queryUserAsync = task(workModule, work.queryUserAsync);

type Request = { readonly userId: number };

const toResponse = ({ id, name, email }: User) => ({ userId: id, name, email });

export default defineExercise(ExercisesService.method.getUser, ({ executors, backends }) => {
  const input = ({ userId: id }: Request, { deadlineMs }: Pick<Call, "deadlineMs">) => {
    const { database, postgres } = backends.addresses();
    return { database: postgres ?? database, id, deadlineMs };
  };
  const asyncInput = ({ userId: id }: Request) => {
    const { postgres } = backends.addresses();
    if (!postgres) {
      throw new Error("Expected Postgres to be configured");
    }
    return { postgres, id };
  };
  return {
    validate: ({ userId }) => checkRange("user_id", userId, 1, 2 ** 31 - 1),
    // Each thread has a connection of its own.
    warmUp: () => executors.blockingPool.warmUp(queryUser, input({ userId: 1 }, {})),
    strategies: {
      // A thread waits for the database, and nobody waits for the thread.
      "blocking-pool": runIn(executors.blockingPool, queryUser, input, toResponse),

      // The one thread that serves every call waits for the database.
      "event-loop": runIn(executors.eventLoop, queryUser, input, toResponse),

      // Another driver: the query waits in Postgres, without a thread.
      async: runIn(executors.eventLoop, queryUserAsync, asyncInput, toResponse),
    },
  };
});
