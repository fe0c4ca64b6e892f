import type { Cores } from "./cores.ts";

/** Work of a burst. */
export interface BurstWork {
  /** Time that each call waits before it computes, in milliseconds; the waits overlap. */
  readonly waitMs: number;
  /** CPU time that each task used, in milliseconds; empty if nothing is computed. */
  readonly taskCpuMs: readonly number[];
}

/** Linux's default period of a cgroup's quota, in milliseconds. */
const quotaPeriodMs = 100;

/**
 * Least wall time in which the work can be done, in milliseconds, at the speed that the machine had when the
 * tasks' CPU time was measured: all waits overlap, then the tasks share the cores without a gap, each on one
 * core at a time.
 */
export function idealOf({ waitMs, taskCpuMs }: BurstWork, cores: Cores): number {
  const cpuMs = taskCpuMs.reduce((sum, ms) => sum + ms, 0);
  const parallel = cores.cpus.length;
  // A burst can begin at the end of one period and end at the beginning of another, and use the quota of both.
  const { quota = parallel } = cores;
  const headStartMs = Math.max(0, 2 * quota * quotaPeriodMs * (1 - quota / parallel));
  const byQuotaMs = (cpuMs - headStartMs) / quota;
  return waitMs + Math.max(0, ...taskCpuMs, cpuMs / parallel, byQuotaMs);
}
