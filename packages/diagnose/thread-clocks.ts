import { performance } from "node:perf_hooks";
import { monotonicMs, processCpuMs, recentThreadCpuMs } from "@unblock/measure/clock";
import { openCpuPressure, openThreadWaiting } from "@unblock/measure/proc";

/** What the clocks of a thread say, read one after another. */
export interface ThreadClocks {
  readonly first: Passing;
  /** CPU time of the thread. */
  readonly cpuMs: number;
  /** CPU time of all threads of the process. */
  readonly allCpuMs: number;
  /** Time that the thread has waited for a core; 0 if unknown. */
  readonly starvedMs: number;
  /** Time in which any thread of the machine waited for a core; 0 if unknown. */
  readonly crowdedMs: number;
  /** The thread can lose its core between the first clock and the last one. */
  readonly last: Passing;
}

interface Passing {
  /** Monotonic clock. */
  readonly atMs: number;
  /** Time for which the event loop did not wait for events. */
  readonly activeMs: number;
}

/** What passed between two readings. */
export interface Passed extends Omit<ThreadClocks, "first" | "last"> {
  readonly ms: number;
  readonly activeMs: number;
}

/** @returns reads the clocks of the calling thread */
export function openThreadClocks(): () => ThreadClocks {
  const readStarvedMs = openThreadWaiting();
  const readCrowdedMs = openCpuPressure();
  return () => ({
    first: readPassing(),
    allCpuMs: processCpuMs(),
    cpuMs: recentThreadCpuMs(),
    starvedMs: readStarvedMs(),
    crowdedMs: readCrowdedMs(),
    last: readPassing(),
  });
}

/**
 * The time from the end of a reading to the beginning of the next one, with at least what the other clocks counted in
 * it. If the time of a reading were part of it, a core lost right there would look like a wait of the program's.
 */
export function passedBetween(before: ThreadClocks, now: ThreadClocks): Passed {
  return {
    ms: now.first.atMs - before.last.atMs,
    activeMs: now.first.activeMs - before.last.activeMs,
    cpuMs: now.cpuMs - before.cpuMs,
    allCpuMs: now.allCpuMs - before.allCpuMs,
    starvedMs: now.starvedMs - before.starvedMs,
    crowdedMs: now.crowdedMs - before.crowdedMs,
  };
}

function readPassing(): Passing {
  return { atMs: monotonicMs(), activeMs: performance.eventLoopUtilization().active };
}
