import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { Failure } from "../../errors.ts";
import type { VitalsWindow, VitalsWindows } from "../../vitals/windows.ts";

/** Fewer than there are slots for: those who watch have windows, too. */
const maxWindows = 15;
/** A window that nobody has asked for in this time makes room for another, in milliseconds. */
const idleMs = 600_000;

/** A window of GetVitals. Its name is known to the caller who opened it, and can't be guessed. */
export interface CallerWindow {
  readonly id: string;
  readonly vitals: VitalsWindow;
  /** Whether the backends did not say that they had begun it anew when they were asked to. */
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

  /** @throws Failure "overloaded" when there are as many as there may be, and all are in use */
  open(): CallerWindow {
    if (this.#open.size >= maxWindows) {
      this.#closeIdle();
    }
    if (this.#open.size >= maxWindows) {
      throw new Failure("UNBLOCK_WINDOWS_FULL", {
        max: maxWindows,
        idle_minutes: idleMs / 60_000,
      });
    }
    const window: CallerWindow = {
      id: randomUUID(),
      vitals: this.#windows.open(),
      hasUnknownStart: false,
      lastUsedMs: performance.now(),
    };
    this.#open.set(window.id, window);
    return window;
  }

  /** @param id empty for everybody's */
  find(id: string): CallerWindow {
    const window = id === "" ? this.#shared : this.#open.get(id);
    if (window === undefined) {
      throw new Failure("UNBLOCK_WINDOW_NOT_FOUND", { window: JSON.stringify(id.slice(0, 50)) });
    }
    window.lastUsedMs = performance.now();
    return window;
  }

  #closeIdle(): void {
    const idleSinceMs = performance.now() - idleMs;
    for (const [id, { vitals, lastUsedMs }] of this.#open) {
      if (lastUsedMs < idleSinceMs) {
        this.#open.delete(id);
        this.#windows.close(vitals);
      }
    }
  }
}
