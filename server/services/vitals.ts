import { setTimeout as sleep } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import type { Backends } from "@unblock/backends/backends";
import { callerKey } from "@unblock/connect/adapter/exchange";
import { OpenStreams } from "@unblock/connect/interceptors/overload";
import { vitalsWatchLimits } from "@unblock/connect/listener/limits";
import { checkField, type FieldViolation } from "@unblock/errors/failure";
import type { Executors } from "@unblock/executors";
import type { EventLoopVitals } from "@unblock/measure/event-loop";
import {
  type GetVitalsRequest,
  type GetVitalsResponseSchema,
  VitalsService,
  type WatchVitalsRequest,
  type WatchVitalsResponseSchema,
} from "@unblock/proto/gen/vitals";
import { withoutLibuvPool } from "./health.ts";
import { CallerWindows, VitalsWindows } from "./windows.ts";

const defaultIntervalMs = 1_000;
const minIntervalMs = 100;
const maxIntervalMs = 60_000;

export interface VitalsSources {
  readonly eventLoop: EventLoopVitals;
  readonly executors: Executors;
  readonly backends: Backends;
  /** Calls whose work has not ended. */
  readonly callsInProgress: () => number;
  /** Ends the watches, whose callers would not leave by themselves. */
  readonly stopSignal: AbortSignal;
}

/** Serves the vitals of the process. */
export function routeVitals(router: ConnectRouter, sources: VitalsSources): void {
  const { eventLoop, executors, backends } = sources;
  const windows = new VitalsWindows(eventLoop, executors);
  const callerWindows = new CallerWindows(windows);
  router.service(
    VitalsService,
    {
      ping: () => ({}),
      getVitals: (request) => getVitals(request, callerWindows, backends),
      watchVitals: createVitalsWatch(windows, sources),
    },
    withoutLibuvPool,
  );
}

async function getVitals(
  { window: id, restartWindow }: GetVitalsRequest,
  windows: CallerWindows,
  backends: Backends,
): Promise<MessageInitShape<typeof GetVitalsResponseSchema>> {
  const read = windows.find(id);
  const begun = !restartWindow ? undefined : id === "" ? windows.open() : read;
  const known = read.vitals.read();
  begun?.vitals.restart();

  const { hasUnknownStart } = read;
  const restarted = begun ?? (hasUnknownStart ? read : undefined);
  const { counts, unknown } = await backends.counts(read.vitals.slot, restarted?.vitals.slot);
  if (restarted !== undefined) {
    restarted.hasUnknownStart = unknown !== undefined;
  }
  const reason =
    unknown ??
    (hasUnknownStart
      ? "The backends did not respond when the window was restarted; their window starts now."
      : undefined);
  return {
    ...known,
    backends: [...counts],
    unknown: reason === undefined ? [] : [{ part: "backends", reason }],
    window: (begun ?? read).id,
  };
}

export function checkInterval({ intervalMs }: WatchVitalsRequest): FieldViolation[] {
  const isInRange = intervalMs >= minIntervalMs && intervalMs <= maxIntervalMs;
  const expected = `to be 0 or from ${minIntervalMs} to ${maxIntervalMs}, got ${intervalMs}`;
  return checkField("interval_ms", intervalMs === 0 || isInRange, expected);
}

/** Streams the vitals at an interval; costs nothing while nobody watches. */
function createVitalsWatch(
  windows: VitalsWindows,
  { callsInProgress, stopSignal }: Pick<VitalsSources, "callsInProgress" | "stopSignal">,
) {
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
        await sleep(intervalMs || defaultIntervalMs, undefined, { signal });
        const vitals = window.read();
        window.restart();
        yield { ...vitals, callsInProgress: callsInProgress() };
      }
    } catch (error) {
      // The error of an aborted sleep does not have the signal's reason.
      throw signal.aborted ? ConnectError.from(signal.reason) : error;
    } finally {
      windows.close(window);
    }
  };
}
