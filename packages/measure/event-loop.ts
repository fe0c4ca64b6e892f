import { createHistogram, type EventLoopUtilization, performance } from "node:perf_hooks";
import { recentThreadCpuMs } from "./clock.ts";

const tickMs = 5;
/** Max delay that windows distinguish, in microseconds: an hour. */
const maxDelayUs = 3.6e9;

/** Receives when a tick was due and when it came, on the clock of performance.now(). */
type TickListener = (dueMs: number, nowMs: number) => void;

/**
 * Watches the event loop of the thread that creates it, with a timer that all windows share.
 *
 * Node's `monitorEventLoopDelay` has one histogram: resetting it affects all readers, and it misses
 * a block right after a reset.
 */
export class EventLoopVitals {
  readonly #listeners = new Set<TickListener>();
  #dueMs = performance.now() + tickMs;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setTimeout(() => this.#tick(), tickMs).unref();
  }

  /** @returns function that unsubscribes */
  onTick(listener: TickListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  openWindow(): EventLoopWindow {
    return new EventLoopWindow(this);
  }

  /** Totals since the loop started, in milliseconds: time not idle, and CPU time of its thread. */
  totals(): { readonly activeMs: number; readonly cpuMs: number } {
    return { activeMs: performance.eventLoopUtilization().active, cpuMs: recentThreadCpuMs() };
  }

  /** Runs an overdue tick now, because a reader may run before the timer. */
  catchUp(): void {
    if (performance.now() > this.#dueMs) {
      this.#tick();
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const listener of this.#listeners) {
      listener(this.#dueMs, nowMs);
    }
    this.#dueMs = nowMs + tickMs;
    this.#timer.refresh();
  }
}

/**
 * A period of the event loop for one reader, which others neither restart nor notice.
 *
 * Utilization and CPU together show what blocks: both near 1 is computing; utilization near 1
 * without CPU is a blocking call.
 */
export class EventLoopWindow {
  readonly #loop: EventLoopVitals;
  readonly #delays = createHistogram({ lowest: 1, highest: maxDelayUs, figures: 2 });
  readonly #unsubscribe: () => void;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #cpu = process.threadCpuUsage();
  #beganMs = performance.now();

  constructor(loop: EventLoopVitals) {
    this.#loop = loop;
    this.#unsubscribe = loop.onTick((dueMs, nowMs) => {
      // Delay before the window started does not count.
      const lateMs = Math.max(0, nowMs - Math.max(dueMs, this.#beganMs));
      this.#delays.record(Math.max(1, Math.round(lateMs * 1_000)));
    });
  }

  /** State of this thread's event loop since the window started. */
  read() {
    this.#loop.catchUp();
    const { user, system } = process.threadCpuUsage(this.#cpu);
    const isEmpty = this.#delays.count === 0;
    return {
      delayMeanMs: isEmpty ? 0 : this.#delays.mean / 1_000,
      delayP99Ms: this.#delays.percentile(99) / 1_000,
      delayMaxMs: this.#delays.max / 1_000,
      /** Share of time in which the loop was not idle, 0 to 1. */
      utilization: performance.eventLoopUtilization(this.#utilization).utilization,
      /** CPU time of this thread as a share of elapsed time. */
      cpu: (user + system) / 1_000 / (performance.now() - this.#beganMs),
    };
  }

  restart(): void {
    this.#delays.reset();
    this.#utilization = performance.eventLoopUtilization();
    this.#cpu = process.threadCpuUsage();
    this.#beganMs = performance.now();
  }

  close(): void {
    this.#unsubscribe();
  }
}
