import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import type { PoolReading } from "@unblock/diagnose/libuv-pool-saturated";
import { planOf } from "@unblock/exercises/check-plan";
import type { Exercise } from "@unblock/proto/exercises";
import { round } from "../result.ts";
import { callsOf, type Evidence, pools, workOf } from "./evidence.ts";
import type { Measured } from "./measured.ts";

/** Overlap of one kind of work in a burst. */
export interface Overlap {
  /** Such as "calls of the database". */
  readonly what: string;
  readonly calls: number;
  /** Maximum in progress at once. */
  readonly most: number;
  /** Expected minimum of it. */
  readonly wanted: number;
}

/** A thread with less CPU time has not computed a call's work. */
const minUnitMs = 20;

/** Overlaps of an exercise's burst: calls of its backend, and computing as far as there are cores. */
export function overlapsOf(
  exercise: Exercise,
  evidence: Evidence,
  cores: number,
): readonly Overlap[] {
  const { backend } = planOf(exercise);
  const overlaps: Overlap[] = [];
  if (backend !== undefined) {
    const { calls, maxInProgress } = callsOf(evidence, backend.name);
    // A backend that was not asked is another mistake.
    if (calls > 0) {
      const { name, overlap } = backend;
      overlaps.push({ what: `calls of the ${name}`, calls, most: maxInProgress, wanted: overlap });
    }
  }
  if (exercise.work.cpu) {
    const { calls } = exercise.burst;
    const most = computingAtOnce(evidence);
    if (most !== undefined) {
      overlaps.push({ what: "computations", calls, most, wanted: Math.min(cores, calls) });
    }
  }
  return overlaps;
}

/** The same of all bursts: of the one that overlapped most, and of a crowd where that has one caller. */
export function allOverlaps({ exercise, best, crowds, cores }: Measured): readonly Overlap[] {
  const { backend, crowd } = planOf(exercise);
  const alone = overlapsOf(exercise, best, cores);
  if (backend === undefined || crowd === undefined) {
    return alone;
  }
  const counts = crowds.map((one) => callsOf(one, backend.name));
  const together = {
    what: `calls of the ${backend.name} for ${crowd} callers`,
    calls: Math.max(...counts.map(({ calls }) => calls)),
    most: Math.max(...counts.map(({ maxInProgress }) => maxInProgress)),
    // More than one caller's.
    wanted: 2 * backend.overlap,
  };
  return together.calls > 0 ? [...alone, together] : alone;
}

export function isTooLittle({ most, wanted }: Overlap): boolean {
  return most < wanted;
}

/**
 * Maximum number of threads or processes that computed at once, counted by the toolbox or else by their
 * CPU time; undefined without evidence.
 */
export function computingAtOnce(evidence: Evidence): number | undefined {
  const { usage, tree } = evidence;
  if (usage.computing.calls > 0) {
    return usage.computing.maxInProgress;
  }
  const running = pools
    .map((name) => workOf(evidence, name))
    .map(({ completed, maxRunning }) => (completed > 0 ? maxRunning : 0));
  const busy = tree?.units.filter((cpuMs) => cpuMs >= minUnitMs).length ?? 0;
  const most = Math.max(...running, busy);
  return most > 0 ? most : undefined;
}

/** Diagnoses what could have overlapped and did not. */
export function tooLittleOverlap(measured: Measured): Diagnosis | undefined {
  const { best, where, libuvThreads } = measured;
  const overlaps = allOverlaps(measured);
  const [first] = overlaps;
  // No more reads run at once than the pool has threads; on a busy machine the disk counts more, as it
  // notices late that a read has ended.
  const isPoolFull =
    first !== undefined && first.calls > libuvThreads && first.most >= libuvThreads;
  // The learner's own threads read without libuv's pool.
  const isOnlyLibuv = where.strategy === "libuv" && where.alsoCalled.length === 0;
  if (isOnlyLibuv && isPoolFull) {
    return libuvSaturated(first, best.observed.pool, libuvThreads);
  }
  const lacking = overlaps.find(isTooLittle);
  if (lacking === undefined) {
    return undefined;
  }
  const isOwnPool = where.isOwn && lacking.most > 1 && lacking.what !== "computations";
  return isOwnPool ? poolTooSmall(lacking) : sequential(lacking);
}

/** The learner's own pool is smaller than the burst needs. */
function poolTooSmall({ what, most, wanted, calls }: Overlap): Diagnosis {
  return {
    name: "pool-too-small",
    finding: `${calls} ${what} were made ${most} at a time, in threads or processes of your own; with fewer than ${wanted} at once the last caller waits too long.`,
    nextStep:
      "Give the pool one thread per call that should wait at once: a waiting thread takes no CPU, so the number of cores does not matter.",
    numbers: { max_at_once: most, expected_at_once: wanted, calls },
  };
}

/** What could have overlapped did not, or not all of it. */
function sequential({ what, most, wanted, calls }: Overlap): Diagnosis {
  const inTurn =
    most <= 1 ? "one after another" : `${most} at a time, though ${wanted} or more could have been`;
  return {
    name: "sequential",
    finding: `${calls} ${what} were made ${inTurn}.`,
    nextStep:
      most <= 1
        ? "Look for what makes one wait for another: an await before the next begins, a chain of promises, a lock."
        : "Look for what limits them: batches, a limit of your own, a pool that is smaller than the burst.",
    numbers: { max_at_once: most, expected_at_once: wanted, calls },
  };
}

/** As many reads as libuv's pool has threads, and no more. @param threads size of the pool */
function libuvSaturated(
  { most: counted, calls }: Overlap,
  { threads: wantedThreads, maxWaitMs }: PoolReading,
  threads: number,
): Diagnosis {
  const waitedMs = round(maxWaitMs);
  const most = Math.min(counted, threads);
  const tooLate =
    wantedThreads === threads
      ? ""
      : ` UV_THREADPOOL_SIZE is ${wantedThreads} by now, which comes too late: the pool has the size that the process was started with.`;
  return {
    name: "libuv-pool-saturated",
    finding: `${calls} reads found ${threads} threads in libuv's pool: ${most} ran at once, and the others waited in a queue that nobody sees. Everything else that needs the pool waited too, up to ${waitedMs} ms.${tooLate}`,
    nextStep: `Give the pool one thread per read that should run at once, and some for others: more than ${calls} (here export const libuvThreads, elsewhere UV_THREADPOOL_SIZE in the environment that the process is started with).`,
    numbers: { pool_threads: threads, max_at_once: most, calls, pool_wait_ms: waitedMs },
  };
}
