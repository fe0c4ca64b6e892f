import { ExercisesService } from "../../../gen/unblock/v1/exercises_pb.ts";
import type { User } from "../../backends/database.ts";
import { task } from "../../places/place.ts";
import { answer, defineExercise } from "../exercise.ts";
import { checkRange } from "../validate.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const queryUser = task(workModule, work.queryUser);

const toResponse = ({ id, name, email }: User) => ({ userId: id, name, email });

export default defineExercise(ExercisesService.method.getUser, ({ places, backends }) => {
  const input = (id: number) => ({ database: backends.addresses().database, id });
  return {
    validate: ({ userId }) => checkRange("user_id", userId, 1, 2 ** 31 - 1),
    strategies: {
      // A thread waits for the database, and nobody waits for the thread.
      threads: async ({ userId }, signal) =>
        answer(await places.threads.run(queryUser, input(userId), signal), toResponse),

      // The one thread that serves everybody waits for the database.
      "event-loop": async ({ userId }, signal) =>
        answer(await places.eventLoop.run(queryUser, input(userId), signal), toResponse),
    },
  };
});
