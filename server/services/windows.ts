import { randomUUID } from "node:crypto";
import { Failure } from "@unblock/errors/failure";
import type { Executors } from "@unblock/executors";
import { sharedSlot, windowSlots } from "@unblock/executors/executor";
import type { EventLoopVitals, EventLoopWindow } from "@unblock/measure/event-loop";

/** A period over which one reader gets the process's vitals. No other reader can restart it. */
export type VitalsWindow = ReturnType<typeof createWindow>;

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

export class VitalsWindows {
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

/** Max windows of GetVitals; the other slots are for WatchVitals. */
const maxWindows = 15;
/** Idle time after which a window makes room for another, in milliseconds. */
const windowIdleMs = 600_000;

/** A window of GetVitals, with an id that only its caller knows. */
interface CallerWindow {
  readonly id: string;
  readonly vitals: VitalsWindow;
  /** Whether the backends did not confirm that they restarted the window. */
  hasUnknownStart: boolean;
  lastUsedMs: number;
}

export class CallerWindows {
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
