import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { checkText, defineExercise, runIn } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const lookUp = task(workModule, work.lookUp);
const lookUpBlocking = task(workModule, work.lookUpBlocking);

type Request = { readonly key: string };

export default defineExercise(ExercisesService.method.getCache, ({ executors, backends }) => {
  const input = ({ key }: Request) => ({ cacheUrl: backends.addresses().cacheUrl, key });
  const toResponse = (lookup: work.Lookup, { key }: Request) => ({ key, ...lookup });
  return {
    validate: ({ key }) => checkText("key", key, 256),
    strategies: {
      // One connection, all lookups in flight at once.
      async: runIn(executors.eventLoop, lookUp, input, toResponse),

      // As many lookups at once as there are threads.
      "blocking-pool": runIn(executors.blockingPool, lookUpBlocking, input, toResponse),

      // One lookup at a time, and nothing else meanwhile.
      "event-loop": runIn(executors.eventLoop, lookUpBlocking, input, toResponse),
    },
  };
});
