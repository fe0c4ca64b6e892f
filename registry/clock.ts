/**
 * Milliseconds on a clock that all threads and processes of a machine share, and that never goes
 * back; `performance.now()` starts anew in each thread.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
