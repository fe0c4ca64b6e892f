import { createHistogram, type EventLoopUtilization, performance } from "node:perf_hooks";

/** Interval between two ticks, in milliseconds. */
const tickMs = 5;
/** Longest delay that windows tell apart, in microseconds: an hour. */
const longestDelayUs = 3.6e9;

/** What the event loop of this thread went through since the window began. */
export interface EventLoopReading {
  readonly delayMeanMs: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** 0 to 1: the part of the time in which the loop was not idle. */
  readonly utilization: number;
  /** CPU time of this thread as a part of the time that passed. */
  readonly cpu: number;
}

/** Told when a tick was due and when it came, on the clock of performance.now(). */
type TickListener = (dueMs: number, nowMs: number) => void;

/**
 * Watches the event loop of the thread that creates it, by a timer that all windows share.
 *
 * Node's own `monitorEventLoopDelay` has one histogram, which forgets for all of its readers what one of
 * them resets, and which misses a block that follows a reset at once.
 */
export class EventLoopVitals {
  readonly #listeners = new Set<TickListener>();
  #dueMs = performance.now() + tickMs;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setTimeout(() => this.#tick(), tickMs).unref();
  }

  /** @returns what ends it */
  onTick(listener: TickListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  openWindow(): EventLoopWindow {
    return new EventLoopWindow(this);
  }

  /** Since the loop began, in milliseconds: how long it was not idle, and the CPU time of its thread. */
  totals(): { readonly activeMs: number; readonly cpuMs: number } {
    const { user, system } = process.threadCpuUsage();
    return { activeMs: performance.eventLoopUtilization().active, cpuMs: (user + system) / 1_000 };
  }

  /** Has a tick that is overdue come now: who reads may run before the timer does. */
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
 * A span of time of the event loop, for one reader. Others neither restart it nor notice it.
 *
 * Utilization and CPU together tell what blocks: both near 1 is computing, utilization near 1
 * without CPU is a blocking call.
 */
export class EventLoopWindow {
  readonly #loop: EventLoopVitals;
  readonly #delays = createHistogram({ lowest: 1, highest: longestDelayUs, figures: 2 });
  readonly #unsubscribe: () => void;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #cpu = process.threadCpuUsage();
  #beganMs = performance.now();

  constructor(loop: EventLoopVitals) {
    this.#loop = loop;
    this.#unsubscribe = loop.onTick((dueMs, nowMs) => {
      // What was late before the window began is not its own.
      const lateMs = Math.max(0, nowMs - Math.max(dueMs, this.#beganMs));
      this.#delays.record(Math.max(1, Math.round(lateMs * 1_000)));
    });
  }

  read(): EventLoopReading {
    this.#loop.catchUp();
    const { user, system } = process.threadCpuUsage(this.#cpu);
    const isEmpty = this.#delays.count === 0;
    return {
      delayMeanMs: isEmpty ? 0 : this.#delays.mean / 1_000,
      delayP99Ms: this.#delays.percentile(99) / 1_000,
      delayMaxMs: this.#delays.max / 1_000,
      utilization: performance.eventLoopUtilization(this.#utilization).utilization,
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
