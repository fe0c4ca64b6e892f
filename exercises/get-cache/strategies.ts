import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { checkText, defineExercise, respond } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const lookUp = task(workModule, work.lookUp);
const lookUpBlocking = task(workModule, work.lookUpBlocking);

export default defineExercise(ExercisesService.method.getCache, ({ executors, backends }) => {
  const input = (key: string) => ({ cacheUrl: backends.addresses().cacheUrl, key });
  const toResponse = (key: string) => (lookup: work.Lookup) => ({ key, ...lookup });
  return {
    validate: ({ key }) => checkText("key", key, 256),
    strategies: {
      // One connection, all lookups in flight at once.
      async: async ({ key }, call) =>
        respond(await executors.eventLoop.run(lookUp, input(key), call), toResponse(key)),

      // As many lookups at once as there are threads.
      "blocking-pool": async ({ key }, call) =>
        respond(
          await executors.blockingPool.run(lookUpBlocking, input(key), call),
          toResponse(key),
        ),

      // One lookup at a time, and nothing else meanwhile.
      "event-loop": async ({ key }, call) =>
        respond(await executors.eventLoop.run(lookUpBlocking, input(key), call), toResponse(key)),
    },
  };
});
