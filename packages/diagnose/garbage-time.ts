import { type PerformanceEntry, PerformanceObserver, performance } from "node:perf_hooks";
import { GCProfiler, getHeapStatistics } from "node:v8";
import { monotonicMs } from "@unblock/measure/clock";

/** Garbage collection of a thread in some time. */
export interface Garbage {
  readonly ms: number;
  readonly collections: number;
  /** Used heap afterwards; 0 without a collection. */
  readonly heapBytes: number;
}

export const noGarbage: Garbage = { ms: 0, collections: 0, heapBytes: 0 };

/**
 * Collections after which a new profiler is started, as a profiler keeps a kilobyte per collection. Not sooner:
 * a stopped one still costs 0.03 ms per collection until it is garbage itself.
 */
const maxProfiled = 1_000;

/**
 * Measures garbage collection of the calling thread. Node reports a collection in a later turn of the loop, so
 * never if the process exits before: then a profiler knows it.
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

  /** Called in each turn. @param neededFromMs earlier collections are forgotten, on the monotonic clock */
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

  /** Collections between two moments of the monotonic clock that Node has reported. */
  reportedBetween(fromMs: number, toMs: number): Garbage {
    const origin = originMs();
    const within = this.#entries.filter(
      (entry) => endOf(entry) > fromMs - origin && entry.startTime < toMs - origin,
    );
    return garbageOf(within.map(({ duration }) => duration));
  }

  /** Collections that Node has not reported yet. */
  unreported(): Garbage {
    this.#add(this.#observer.takeRecords());
    const reported = this.#reported;
    const unreported = this.#restartProfiler().slice(reported);
    // Costs are microseconds.
    return garbageOf(unreported.map(({ cost }) => cost / 1_000));
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
  const collections = durationsMs.length;
  const ms = durationsMs.reduce((sum, each) => sum + each, 0);
  const heapBytes = collections === 0 ? 0 : getHeapStatistics().used_heap_size;
  return { ms, collections, heapBytes };
}

function endOf({ startTime, duration }: PerformanceEntry): number {
  return startTime + duration;
}

/** Origin of the `performance` clock on the monotonic clock. */
function originMs(): number {
  return monotonicMs() - performance.now();
}

function startProfiler(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}
