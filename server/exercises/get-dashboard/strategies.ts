import { ExercisesService } from "../../../gen/unblock/v1/exercises_pb.ts";
import { task } from "../../places/place.ts";
import { defineExercise, respond } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const fetchParallel = task(workModule, work.fetchParallel);
const fetchSequential = task(workModule, work.fetchSequential);

const toResponse = ([
  service1 = "",
  service2 = "",
  service3 = "",
  service4 = "",
  service5 = "",
]: readonly string[]) => ({
  service1,
  service2,
  service3,
  service4,
  service5,
});

export default defineExercise(ExercisesService.method.getDashboard, ({ places, backends }) => {
  const urls = () => backends.addresses().dashboardUrls;
  return {
    validate: () => [],
    strategies: {
      // Five waits that overlap.
      parallel: async (_, call) =>
        respond(await places.eventLoop.run(fetchParallel, urls(), call), toResponse),

      // Five waits in sequence: `await` in a loop.
      sequential: async (_, call) =>
        respond(await places.eventLoop.run(fetchSequential, urls(), call), toResponse),
    },
  };
});
