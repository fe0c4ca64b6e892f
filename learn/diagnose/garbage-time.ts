import { GCProfiler } from "node:v8";

/** What a thread's garbage collector did in some time. */
export interface Garbage {
  readonly ms: number;
  readonly collections: number;
  /** What the heap had in use after the last collection; 0 without one. */
  readonly heapBytes: number;
}

/**
 * Measures the garbage collection of the thread that makes it. A PerformanceObserver would tell of a
 * collection only in a later turn of the loop, and never of one that the process ends right after.
 */
export class GarbageTime {
  #profiler = startProfiler();

  /** Since the last time. Takes some 0.02 ms, and 0.03 ms more for each collection. */
  take(): Garbage {
    const statistics = this.#profiler.stop()?.statistics ?? [];
    this.#profiler = startProfiler();
    return {
      // Costs are microseconds.
      ms: statistics.reduce((sum, { cost }) => sum + cost, 0) / 1_000,
      collections: statistics.length,
      heapBytes: statistics.at(-1)?.afterGC.heapStatistics.usedHeapSize ?? 0,
    };
  }

  close(): void {
    this.#profiler.stop();
  }
}

function startProfiler(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}
