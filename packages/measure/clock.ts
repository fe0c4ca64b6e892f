/**
 * Milliseconds on a monotonic clock that all threads and processes of a machine share;
 * `performance.now()` starts at 0 in each thread.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * CPU time of this thread since its start, in milliseconds.
 *
 * Linux updates the counter of a running thread only at a tick, every 1 to 10 ms, and when the CPU
 * time of the whole process is read, which takes a microsecond for every few threads.
 */
export function threadCpuMs(): number {
  process.cpuUsage();
  return recentThreadCpuMs();
}

/** The same, without what the thread used since Linux updated its counter: a tick at most. */
export function recentThreadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
