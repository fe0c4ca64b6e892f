import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { PoolReading } from "../../diagnose/libuv-pool-saturated.ts";
import { round } from "../numbers.ts";
import type { Overlap } from "../place/overlap.ts";

/** What could have overlapped did not, or not all of it. */
export function sequential({ what, most, wanted, calls }: Overlap): Diagnosis {
  const inTurn =
    most <= 1 ? "one after another" : `${most} at a time, though ${wanted} or more could have been`;
  return {
    name: "sequential",
    finding: `${calls} ${what} were made ${inTurn}.`,
    nextStep:
      most <= 1
        ? "Look for what makes one wait for another: an await before the next begins, a chain of promises, a lock."
        : "Look for what lets only so many through: batches, a limit of your own, a pool that is smaller than the burst.",
    numbers: { most_at_once: most, expected_at_once: wanted, calls },
  };
}

/**
 * As many as libuv's pool has threads, and no more.
 *
 * @param threads how many it was started with
 */
export function libuvSaturated(
  { most: counted, calls }: Overlap,
  { threads: wantedThreads, longestWaitMs }: PoolReading,
  threads: number,
): Diagnosis {
  const waitedMs = round(longestWaitMs);
  const most = Math.min(counted, threads);
  const tooLate =
    wantedThreads === threads
      ? ""
      : ` UV_THREADPOOL_SIZE says ${wantedThreads} by now, which comes too late: the pool has the size that the process was started with.`;
  return {
    name: "libuv-pool-saturated",
    finding: `${calls} reads found ${threads} threads in libuv's pool: ${most} went at once, and the others queued where nobody sees them. Whatever else needs the pool waited there too, up to ${waitedMs} ms.${tooLate}`,
    nextStep: `Give the pool a thread for each read that shall go at once, and some for others: more than ${calls} (here export const libuvThreads, elsewhere UV_THREADPOOL_SIZE in the environment that the process is started with).`,
    numbers: { pool_threads: threads, most_at_once: most, calls, pool_wait_ms: waitedMs },
  };
}

export function moreThreadsThanCores(atOnce: number, cores: number): Diagnosis {
  return {
    name: "more-threads-than-cores",
    finding: `${atOnce} threads computed at once on ${cores} cores: they take the cores from each other, so that none is done sooner and all are done late.`,
    nextStep:
      "Compute in a pool with a thread a core, where the others wait their turn: the pool workers.",
    numbers: { computing_at_once: atOnce, cores },
  };
}
