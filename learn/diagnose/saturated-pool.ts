import type { CodeLine, Diagnosis } from "./diagnosis.ts";
import { inWords, rounded, times } from "./numbers.ts";
import type { PoolReading } from "./watch-libuv-pool.ts";

/** What waits less in all is no matter, in milliseconds. */
const leastMs = 150;

/** @param line what hands the pool most of its work, if that was seen */
export function diagnoseSaturatedPool(
  { lateCalls, lateMs, longestWaitMs, threads }: PoolReading,
  line: CodeLine | undefined,
): Diagnosis | undefined {
  // A call that has not come back counts for the longest only.
  if (Math.max(lateMs, longestWaitMs) < leastMs) {
    return undefined;
  }
  return {
    name: "libuv-pool-saturated",
    finding: `More was handed to libuv's pool than its ${threads} threads could do: a call with nothing to do waited there for up to ${inWords(longestWaitMs)}, and ${times(lateCalls)} for 50 ms or more. So does every file, name look-up, hash and compression.`,
    ...(line === undefined ? {} : { line }),
    nextStep:
      "If that work computes, hand the pool less of it at once; if it waits, give the pool more threads with UV_THREADPOOL_SIZE.",
    numbers: {
      pool_threads: threads,
      longest_wait_ms: rounded(longestWaitMs),
      late_calls: lateCalls,
      late_ms: rounded(lateMs),
    },
  };
}
