import { threadId } from "node:worker_threads";
import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import { runHere } from "./local.ts";
import type { LocalContext, Place, PlacesConfig, RanOn } from "./place.ts";

/**
 * The thread that also serves every other call. Right for work that awaits; whatever blocks or
 * computes here stops everyone.
 *
 * Waiting needs no thread, so what is bounded is only how many calls are in progress (`maxQueue`):
 * they begin at once, or are refused.
 */
export function createEventLoop({ maxQueue }: PlacesConfig): Place<LocalContext> {
  const admission = new Admission("event-loop", maxQueue, 0);
  const ranOn: RanOn = { place: "event-loop", pid: process.pid, thread: threadId };
  return {
    name: "event-loop",
    run: (task, input, signal) => {
      const submittedMs = monotonicMs();
      return admission.run(() => runHere(task, input, signal, submittedMs, ranOn), signal);
    },
    vitals: () => admission.vitals(),
    restartWindow: () => admission.restartWindow(),
    close: () => admission.idle(),
  };
}
