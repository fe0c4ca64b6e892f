import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import type { Backends } from "@unblock/backends/backends";
import { callerKey } from "@unblock/connect/adapter/exchange";
import { OpenStreams } from "@unblock/connect/interceptors/overload";
import { vitalsWatchLimits } from "@unblock/connect/listener/limits";
import { checkField, Failure, type FieldViolation } from "@unblock/errors/failure";
import type { Executors } from "@unblock/executors";
import { sharedSlot, windowSlots } from "@unblock/executors/executor";
import type { EventLoopVitals, EventLoopWindow } from "@unblock/measure/event-loop";
import {
  type GetVitalsRequest,
  type GetVitalsResponseSchema,
  VitalsService,
  type WatchVitalsRequest,
  type WatchVitalsResponseSchema,
} from "@unblock/proto/gen/vitals";
import { withoutLibuvPool } from "./health.ts";

const defaultIntervalMs = 1_000;
const minIntervalMs = 100;
const maxIntervalMs = 60_000;
/** Max windows of GetVitals; the other slots are for WatchVitals. */
const maxWindows = 15;
/** Idle time after which a window makes room for another, in milliseconds. */
const windowIdleMs = 600_000;

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

/** A period over which one reader gets the process's vitals. No other reader can restart it. */
type VitalsWindow = ReturnType<typeof createWindow>;

function createWindow(slot: number, eventLoop: EventLoopWindow, executors: Executors) {
  const all = Object.values(executors);
  return {
    slot,
    read: () => ({
      eventLoop: eventLoop.read(),
      executors: all.map((executor) => executor.vitals(slot)),
    }),
    restart: () => {
      eventLoop.restart();
      for (const executor of all) {
        executor.restartWindow(slot);
      }
    },
    close: () => eventLoop.close(),
  };
}

class VitalsWindows {
  /** Starts with the server and is never restarted. */
  readonly shared: VitalsWindow;
  readonly #eventLoop: EventLoopVitals;
  readonly #executors: Executors;
  readonly #freeSlots = Array.from({ length: windowSlots }, (_, slot) => slot).filter(
    (slot) => slot !== sharedSlot,
  );

  constructor(eventLoop: EventLoopVitals, executors: Executors) {
    this.#eventLoop = eventLoop;
    this.#executors = executors;
    this.shared = createWindow(sharedSlot, eventLoop.openWindow(), executors);
  }

  /** @throws Error when all slots are taken; callers have fewer windows than there are slots */
  open(): VitalsWindow {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) {
      throw new Error(`Expected a free slot for a window, got ${windowSlots} that are taken`);
    }
    const window = createWindow(slot, this.#eventLoop.openWindow(), this.#executors);
    window.restart();
    return window;
  }

  close(window: VitalsWindow): void {
    window.close();
    this.#freeSlots.push(window.slot);
  }
}

/** A window of GetVitals, with an id that only its caller knows. */
interface CallerWindow {
  readonly id: string;
  readonly vitals: VitalsWindow;
  /** Whether the backends did not confirm that they restarted the window. */
  hasUnknownStart: boolean;
  lastUsedMs: number;
}

class CallerWindows {
  readonly #windows: VitalsWindows;
  readonly #open = new Map<string, CallerWindow>();
  readonly #shared: CallerWindow;

  constructor(windows: VitalsWindows) {
    this.#windows = windows;
    this.#shared = { id: "", vitals: windows.shared, hasUnknownStart: false, lastUsedMs: 0 };
  }

  /** @throws Failure when there are too many windows, and none of them is idle */
  open(): CallerWindow {
    if (this.#open.size >= maxWindows) {
      this.#closeIdle();
    }
    if (this.#open.size >= maxWindows) {
      const data = { max: maxWindows, idle_minutes: windowIdleMs / 60_000 };
      throw new Failure("UNBLOCK_WINDOWS_FULL", data);
    }
    const id = randomUUID();
    const vitals = this.#windows.open();
    const window = { id, vitals, hasUnknownStart: false, lastUsedMs: performance.now() };
    this.#open.set(id, window);
    return window;
  }

  /** @param id id of the window; empty for the shared one */
  find(id: string): CallerWindow {
    const window = id === "" ? this.#shared : this.#open.get(id);
    if (window === undefined) {
      throw new Failure("UNBLOCK_WINDOW_NOT_FOUND", { window: JSON.stringify(id.slice(0, 50)) });
    }
    window.lastUsedMs = performance.now();
    return window;
  }

  #closeIdle(): void {
    const idleSinceMs = performance.now() - windowIdleMs;
    for (const [id, { vitals, lastUsedMs }] of this.#open) {
      if (lastUsedMs < idleSinceMs) {
        this.#open.delete(id);
        this.#windows.close(vitals);
      }
    }
  }
}
