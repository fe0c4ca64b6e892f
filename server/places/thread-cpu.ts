/**
 * CPU time of this thread since its start, in milliseconds.
 *
 * Linux brings the counter of a running thread up to date only at a tick, every 1 to 10 ms, and when the
 * CPU time of the whole process is read.
 */
export function threadCpuMs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
