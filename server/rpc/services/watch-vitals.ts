import { setTimeout as sleep } from "node:timers/promises";
import { isMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import {
  WatchVitalsRequestSchema,
  type WatchVitalsResponseSchema,
} from "../../../gen/unblock/v1/vitals_pb.ts";
import type { FieldViolation } from "../../errors.ts";
import type { VitalsWindows } from "../../vitals/windows.ts";
import { callerKey } from "../adapter/caller.ts";
import { OpenStreams } from "../interceptors/stream-limit.ts";
import { vitalsWatchLimits } from "../listener/limits.ts";

const usualIntervalMs = 1_000;
const leastIntervalMs = 100;
const longestIntervalMs = 60_000;

export interface WatchSources {
  readonly windows: VitalsWindows;
  /** Calls whose work has not ended. */
  readonly callsInProgress: () => number;
  /** Ends those who watch, who would not leave by themselves. */
  readonly stopSignal: AbortSignal;
}

export function checkInterval(request: Message): FieldViolation[] {
  const intervalMs = isMessage(request, WatchVitalsRequestSchema) ? request.intervalMs : 0;
  if (intervalMs === 0 || (intervalMs >= leastIntervalMs && intervalMs <= longestIntervalMs)) {
    return [];
  }
  const expected = `0 or from ${leastIntervalMs} to ${longestIntervalMs}`;
  const description = `Expected interval_ms to be ${expected}, got ${intervalMs}.`;
  return [{ field: "interval_ms", description }];
}

/** Tells what the process feels, again and again; costs nothing while nobody watches. */
export function createVitalsWatch({ windows, callsInProgress, stopSignal }: WatchSources) {
  const watches = new OpenStreams(vitalsWatchLimits, "watches of the vitals");

  return async function* watchVitals(
    { intervalMs }: { readonly intervalMs: number },
    context: HandlerContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchVitalsResponseSchema>> {
    const rejected = watches.open(context.signal, context.values.get(callerKey)?.connection);
    if (rejected !== undefined) {
      throw rejected;
    }
    const signal = AbortSignal.any([context.signal, stopSignal]);
    const window = windows.open();
    try {
      for (;;) {
        await sleep(intervalMs || usualIntervalMs, undefined, { signal });
        const vitals = window.read();
        window.restart();
        yield { ...vitals, callsInProgress: callsInProgress() };
      }
    } catch (error) {
      // What a wait throws says that it was aborted, and not why.
      throw signal.aborted ? ConnectError.from(signal.reason) : error;
    } finally {
      windows.close(window);
    }
  };
}
