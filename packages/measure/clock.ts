import { performance } from "node:perf_hooks";

/**
 * Where `performance.now()` of this thread starts. A thread that loses its core between the two clocks
 * reads too small a value, so the largest counts.
 */
const originMs = Math.max(
  ...[1, 2, 3].map(() => Number(process.hrtime.bigint()) / 1e6 - performance.now()),
);

/**
 * Milliseconds on a monotonic clock that all threads and processes of a machine share;
 * `performance.now()` starts at 0 in each thread.
 *
 * It may be read in the middle of a call to `process.hrtime`, which must not be called there: its results are in
 * memory that all callers share.
 */
export function monotonicMs(): number {
  return originMs + performance.now();
}

/**
 * CPU time of this thread since its start, in milliseconds.
 *
 * Linux updates the counter of a running thread only at a tick, every 1 to 10 ms, and when the CPU
 * time of the whole process is read, which takes a microsecond for every few threads.
 */
export function threadCpuMs(): number {
  processCpuMs();
  return recentThreadCpuMs();
}

/** The same, without what the thread used since Linux updated its counter: a tick at most. */
export function recentThreadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** CPU time of all threads of this process since its start, in milliseconds. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
