import { performance } from "node:perf_hooks";
import { monotonicMs, processCpuMs, recentThreadCpuMs } from "@unblock/measure/clock";
import { openCpuPressure, openThreadWaiting } from "@unblock/measure/proc";

/** What the clocks of a thread say, read one after another. */
export type ThreadClocks = ReturnType<ReturnType<typeof openThreadClocks>>;

/** @returns reads the clocks of the calling thread */
export function openThreadClocks() {
  const readStarvedMs = openThreadWaiting();
  const readCrowdedMs = openCpuPressure();
  return () => ({
    first: readPassing(),
    /** CPU time of all threads of the process. */
    allCpuMs: processCpuMs(),
    /** CPU time of the thread. */
    cpuMs: recentThreadCpuMs(),
    /** Time that the thread has waited for a core; 0 if unknown. */
    starvedMs: readStarvedMs(),
    /** Time in which any thread of the machine waited for a core; 0 if unknown. */
    crowdedMs: readCrowdedMs(),
    /** The thread can lose its core between the first clock and the last one. */
    last: readPassing(),
  });
}

/**
 * The time from the end of a reading to the beginning of the next one, with at least what the other clocks counted in
 * it. If the time of a reading were part of it, a core lost right there would look like a wait of the program's.
 */
export function passedBetween(before: ThreadClocks, now: ThreadClocks) {
  return {
    ms: now.first.atMs - before.last.atMs,
    activeMs: now.first.activeMs - before.last.activeMs,
    cpuMs: now.cpuMs - before.cpuMs,
    allCpuMs: now.allCpuMs - before.allCpuMs,
    starvedMs: now.starvedMs - before.starvedMs,
    crowdedMs: now.crowdedMs - before.crowdedMs,
  };
}

/** The monotonic clock, and the time for which the event loop did not wait for events. */
function readPassing() {
  return { atMs: monotonicMs(), activeMs: performance.eventLoopUtilization().active };
}
