import { cpus } from "node:os";

/** How much of the machine is in use, and by whom. */
export interface LoadReading {
  /** CPU time of all cores since the machine's start, in milliseconds. */
  readonly busyMs: number;
  readonly atMs: number;
}

/** Others may use this many cores; more, and time says more about them than about the learner's code. */
export const mostBusyCores = 0.5;

export function readLoad(): LoadReading {
  const busyMs = cpus().reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
  return { busyMs, atMs: performance.now() };
}

/**
 * How many cores others kept busy between two readings.
 *
 * @param ownCpuMs what the check and its service used meanwhile
 */
export function coresOfOthers(from: LoadReading, to: LoadReading, ownCpuMs: number): number {
  const passedMs = to.atMs - from.atMs;
  return passedMs <= 0 ? 0 : Math.max(0, to.busyMs - from.busyMs - ownCpuMs) / passedMs;
}
