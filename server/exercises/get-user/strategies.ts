import { ExercisesService } from "../../../gen/unblock/v1/exercises_pb.ts";
import type { User } from "../../backends/database.ts";
import { task } from "../../places/place.ts";
import { checkRange, defineExercise, respond } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const queryUser = task(workModule, work.queryUser);
const queryUserAsync = task(workModule, work.queryUserAsync);

const toResponse = ({ id, name, email }: User) => ({ userId: id, name, email });

export default defineExercise(ExercisesService.method.getUser, ({ places, backends }) => {
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
    warmUp: () => places.threads.warmUp(queryUser, input(1, undefined)),
    strategies: {
      // A thread waits for the database, and nobody waits for the thread.
      threads: async ({ userId }, call) =>
        respond(
          await places.threads.run(queryUser, input(userId, call.deadlineMs), call),
          toResponse,
        ),

      // The one thread that serves every call waits for the database.
      "event-loop": async ({ userId }, call) =>
        respond(
          await places.eventLoop.run(queryUser, input(userId, call.deadlineMs), call),
          toResponse,
        ),

      // Another driver: the query waits in Postgres, without a thread.
      async: async ({ userId: id }, call) =>
        respond(await places.eventLoop.run(queryUserAsync, asyncInput(id), call), toResponse),
    },
  };
});
