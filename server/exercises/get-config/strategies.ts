import { ExercisesService } from "../../../gen/unblock/v1/exercises_pb.ts";
import { task } from "../../places/place.ts";
import { defineExercise } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const readConfig = task(workModule, work.readConfig);
const readConfigBlocking = task(workModule, work.readConfigBlocking);

export default defineExercise(ExercisesService.method.getConfig, ({ places, backends }) => {
  const source = () => {
    const { disk, configFile } = backends.addresses();
    return { disk, configFile };
  };
  return {
    validate: () => [],
    strategies: {
      // fs/promises is a thread pool: one read per thread of libuv at once.
      libuv: (_, call) => places.libuv.run(readConfig, source(), call),

      // readFileSync on a thread that may block.
      threads: (_, call) => places.threads.run(readConfigBlocking, source(), call),

      // readFileSync on the thread that must not block.
      "event-loop": (_, call) => places.eventLoop.run(readConfigBlocking, source(), call),
    },
  };
});
