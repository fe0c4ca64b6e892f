import { type PerformanceEntry, PerformanceObserver, performance } from "node:perf_hooks";
import { GCProfiler, getHeapStatistics } from "node:v8";
import { monotonicMs } from "../../registry/clock.ts";

/** What a thread's garbage collector did in some time. */
export interface Garbage {
  readonly ms: number;
  readonly collections: number;
  /** What the heap had in use afterwards; 0 without a collection. */
  readonly heapBytes: number;
}

export const noGarbage: Garbage = { ms: 0, collections: 0, heapBytes: 0 };

/**
 * Collections after which a new profiler is started, as a running one keeps a kilobyte of each. Not
 * sooner: one that is stopped still hears of every collection, at 0.03 ms each, until it is collected.
 */
const maxProfiled = 1_000;

/**
 * Measures the garbage collection of the thread that makes it. Node reports a collection in a later turn of the
 * loop, and never one that the process ends right after: those are read from a profiler.
 */
export class GarbageTime {
  readonly #observer = new PerformanceObserver((list) => this.#add(list.getEntries()));
  #profiler = startProfiler();
  /** Collections since the profiler was started that Node has reported. */
  #reported = 0;
  #entries: PerformanceEntry[] = [];

  constructor() {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  /** To be called in each turn that is measured. @param neededFromMs what ended before is forgotten, on the monotonic clock */
  onTurn(neededFromMs: number): void {
    this.#add(this.#observer.takeRecords());
    if (this.#entries.length > 0) {
      const from = neededFromMs - originMs();
      this.#entries = this.#entries.filter((entry) => endOf(entry) > from);
    }
    if (this.#reported >= maxProfiled) {
      this.#restartProfiler();
    }
  }

  /** What Node has reported between two moments of the monotonic clock. */
  reportedBetween(fromMs: number, toMs: number): Garbage {
    const origin = originMs();
    const within = this.#entries.filter(
      (entry) => endOf(entry) > fromMs - origin && entry.startTime < toMs - origin,
    );
    return garbageOf(within.map(({ duration }) => duration));
  }

  /** What Node has not reported yet. */
  unreported(): Garbage {
    this.#add(this.#observer.takeRecords());
    const reported = this.#reported;
    // Costs are microseconds.
    return garbageOf(
      this.#restartProfiler()
        .slice(reported)
        .map(({ cost }) => cost / 1_000),
    );
  }

  close(): void {
    this.#observer.disconnect();
    this.#profiler.stop();
  }

  #add(entries: readonly PerformanceEntry[]): void {
    this.#reported += entries.length;
    this.#entries.push(...entries);
  }

  #restartProfiler() {
    const statistics = this.#profiler.stop()?.statistics ?? [];
    this.#profiler = startProfiler();
    this.#reported = 0;
    return statistics;
  }
}

export function sumOf(one: Garbage, other: Garbage): Garbage {
  return {
    ms: one.ms + other.ms,
    collections: one.collections + other.collections,
    heapBytes: Math.max(one.heapBytes, other.heapBytes),
  };
}

function garbageOf(durationsMs: readonly number[]): Garbage {
  return durationsMs.length === 0
    ? noGarbage
    : {
        ms: durationsMs.reduce((sum, ms) => sum + ms, 0),
        collections: durationsMs.length,
        heapBytes: getHeapStatistics().used_heap_size,
      };
}

function endOf({ startTime, duration }: PerformanceEntry): number {
  return startTime + duration;
}

/** When the clock of `performance` began, on the monotonic one. */
function originMs(): number {
  return monotonicMs() - performance.now();
}

function startProfiler(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}
