import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { defineExercise } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const readConfig = task(workModule, work.readConfig);
const readConfigBlocking = task(workModule, work.readConfigBlocking);

export default defineExercise(ExercisesService.method.getConfig, ({ executors, backends }) => {
  const source = () => {
    const { disk, configFile } = backends.addresses();
    return { disk, configFile };
  };
  return {
    validate: () => [],
    strategies: {
      // fs/promises is a thread pool: one read per thread of libuv at once.
      libuv: (_, call) => executors.libuv.run(readConfig, source(), call),

      // readFileSync on a thread that may block.
      "blocking-pool": (_, call) => executors.blockingPool.run(readConfigBlocking, source(), call),

      // readFileSync on the thread that must not block.
      "event-loop": (_, call) => executors.eventLoop.run(readConfigBlocking, source(), call),
    },
  };
});
