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
      // fs/promises is a thread pool: as many reads at once as libuv has threads.
      libuv: (_, signal) => places.libuv.run(readConfig, source(), signal),

      // readFileSync on a thread that may block.
      threads: (_, signal) => places.threads.run(readConfigBlocking, source(), signal),

      // readFileSync on the thread that may not.
      "event-loop": (_, signal) => places.eventLoop.run(readConfigBlocking, source(), signal),
    },
  };
});
