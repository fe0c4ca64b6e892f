import { threadId } from "node:worker_threads";
import { createLocalPlace } from "./local.ts";
import type { LocalContext, Place, PlacesConfig } from "./place.ts";

/**
 * The thread that also serves every other call. Right for work that awaits; whatever blocks or
 * computes here stops everyone.
 *
 * Waiting needs no thread, so what is bounded is only how many calls are in progress (`maxQueue`):
 * they begin at once, or are refused.
 */
export function createEventLoop({ maxQueue }: PlacesConfig): Place<LocalContext> {
  return createLocalPlace("event-loop", maxQueue, 0, { thread: threadId });
}
