import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { checkRange, checkText, defineExercise, runIn } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const sendEvent = task(workModule, work.sendEvent);

type Request = { readonly event: string; readonly userId: number };

export default defineExercise(ExercisesService.method.trackEvent, ({ executors, backends }) => {
  const input = ({ event, userId }: Request) => ({
    analyticsUrl: backends.addresses().analyticsUrl,
    event,
    userId,
  });
  const accepted = () => ({ status: "accepted" });
  // Says what can lose an accepted event: this process, or Redis and its disk.
  const storedIn = (what: "memory" | "redis") => ({ "unblock-stored-in": what });
  return {
    validate: ({ event, userId }) => [
      ...checkText("event", event, 256),
      ...checkRange("user_id", userId, 1, 2 ** 31 - 1),
    ],
    strategies: {
      // The call's signal must not end what outlives the call.
      background: async (request, { connection }) => {
        const ran = await executors.background.accept(sendEvent, input(request), connection);
        return { ...ran, value: accepted(), facts: storedIn("memory") };
      },

      // Redis has the event before the response, and a worker sends it, whatever crashes.
      queue: async (request, { idempotencyKey, connection }) => {
        const sent = input(request);
        const ran = await executors.queue.accept(sendEvent, sent, idempotencyKey, connection);
        return { ...ran, value: accepted(), facts: storedIn("redis") };
      },

      // The caller waits for analytics.
      await: runIn(executors.eventLoop, sendEvent, input, accepted),
    },
  };
});
