import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { defineExercise, runIn } from "../exercise.ts";
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

export default defineExercise(ExercisesService.method.getDashboard, ({ executors, backends }) => {
  const urls = () => backends.addresses().dashboardUrls;
  return {
    validate: () => [],
    strategies: {
      // Five waits that overlap.
      parallel: runIn(executors.eventLoop, fetchParallel, urls, toResponse),

      // Five waits in sequence: `await` in a loop.
      sequential: runIn(executors.eventLoop, fetchSequential, urls, toResponse),
    },
  };
});
