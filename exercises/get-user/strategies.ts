import type { User } from "@unblock/backends/database";
import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { checkRange, defineExercise, respond } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const queryUser = task(workModule, work.queryUser);
const queryUserAsync = task(workModule, work.queryUserAsync);

const toResponse = ({ id, name, email }: User) => ({ userId: id, name, email });

export default defineExercise(ExercisesService.method.getUser, ({ executors, backends }) => {
  const input = (id: number, deadlineMs: number | undefined): work.UserQuery => {
    const { database, postgres } = backends.addresses();
    return { database: postgres ?? database, id, deadlineMs };
  };
  const asyncInput = (id: number) => {
    const { postgres } = backends.addresses();
    if (!postgres) {
      throw new Error("Expected Postgres to be configured");
    }
    return { postgres, id };
  };
  return {
    validate: ({ userId }) => checkRange("user_id", userId, 1, 2 ** 31 - 1),
    // Each thread has a connection of its own.
    warmUp: () => executors.blockingPool.warmUp(queryUser, input(1, undefined)),
    strategies: {
      // A thread waits for the database, and nobody waits for the thread.
      "blocking-pool": async ({ userId }, call) =>
        respond(
          await executors.blockingPool.run(queryUser, input(userId, call.deadlineMs), call),
          toResponse,
        ),

      // The one thread that serves every call waits for the database.
      "event-loop": async ({ userId }, call) =>
        respond(
          await executors.eventLoop.run(queryUser, input(userId, call.deadlineMs), call),
          toResponse,
        ),

      // Another driver: the query waits in Postgres, without a thread.
      async: async ({ userId: id }, call) =>
        respond(await executors.eventLoop.run(queryUserAsync, asyncInput(id), call), toResponse),
    },
  };
});
