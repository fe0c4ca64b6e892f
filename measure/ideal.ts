import type { Cores } from "./cores.ts";

/** What a burst had to do. */
export interface BurstWork {
  /** Waiting of each call before it computes, in milliseconds; the calls' waiting overlaps. */
  readonly waitMs: number;
  /** CPU time that each task used, in milliseconds; empty when nothing is computed. */
  readonly taskCpuMs: readonly number[];
}

/** Length of the period that a cgroup's quota is for, in milliseconds, where nobody sets another. */
const quotaPeriodMs = 100;

/**
 * The least wall time, in milliseconds, in which the work can be done, at the speed that the machine had when
 * the tasks' CPU time was measured: all waiting overlaps, then the tasks share the cores without a gap. One
 * task has one core at a time.
 */
export function idealOf({ waitMs, taskCpuMs }: BurstWork, cores: Cores): number {
  const cpuMs = taskCpuMs.reduce((sum, ms) => sum + ms, 0);
  const parallel = cores.cpus.length;
  // A burst may begin at the end of one period and end at the beginning of another, with the quota of both.
  const { quota = parallel } = cores;
  const headStartMs = Math.max(0, 2 * quota * quotaPeriodMs * (1 - quota / parallel));
  const byQuotaMs = (cpuMs - headStartMs) / quota;
  return waitMs + Math.max(0, ...taskCpuMs, cpuMs / parallel, byQuotaMs);
}
