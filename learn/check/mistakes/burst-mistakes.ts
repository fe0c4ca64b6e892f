import { Suitability } from "../../../gen/unblock/v1/exercise_pb.ts";
import type { Exercise } from "../../../registry/exercises.ts";
import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { Measured } from "../measure/measured.ts";
import { describeEvidence } from "../place/describe.ts";
import { computingAtOnce, isTooLittle, overlapsOf } from "../place/overlap.ts";
import type { Whereabouts } from "../place/where-it-ran.ts";
import { loopBlocked } from "./loop-blocked.ts";
import { libuvSaturated, moreThreadsThanCores, sequential } from "./overlap.ts";
import { decidedOtherwise, unsuitable, waitsInWorkers } from "./wrong-place.ts";

/** What a burst was served with. */
export interface Served {
  readonly exercise: Exercise;
  readonly measured: Measured;
  readonly where: Whereabouts;
  /** The strategy that the decision names; undefined when it names none of the exercise's. */
  readonly decided: string | undefined;
  /** The size of libuv's pool. */
  readonly libuvThreads: number;
}

/** The strategies that may pass. */
export function rightStrategies({ strategies }: Exercise): readonly string[] {
  return strategies
    .filter(
      ({ suitability }) =>
        suitability === Suitability.RECOMMENDED || suitability === Suitability.WORKS,
    )
    .map(({ name }) => name);
}

/** All that is wrong with where a burst ran and how it overlapped, what to mend first first. */
export function burstMistakes(served: Served): readonly Diagnosis[] {
  const { exercise, measured, where, decided } = served;
  const { held, strategy } = where;
  const evidence = describeEvidence(exercise, measured.best);
  const isDecided = decided === undefined || decided === strategy;
  const disagreement = isDecided ? [] : [decidedOtherwise(decided, strategy, evidence)];
  if (held !== undefined) {
    return [loopBlocked(exercise, held, measured), ...disagreement];
  }
  // A place that is wrong says it all: also why too little overlapped, and that it was not decided.
  const pool = wrongPool(served, evidence);
  if (pool !== undefined) {
    return [pool];
  }
  const others = [tooManyThreads(served), tooLittleOverlap(served)];
  return [...others.filter((one) => one !== undefined), ...disagreement];
}

function wrongPool({ exercise, measured, where }: Served, evidence: string): Diagnosis | undefined {
  if (where.waitsInWorkers) {
    const { calls, mostInProgress } = measured.best.observed.usage.waiting;
    return waitsInWorkers(calls, mostInProgress, measured.cores);
  }
  const isKnown = exercise.strategies.some(({ name }) => name === where.strategy);
  return isKnown ? undefined : unsuitable(where.strategy, rightStrategies(exercise), evidence);
}

/** Threads that compute may be more than cores only for those who have decided so. */
function tooManyThreads({ exercise, measured, where, decided }: Served): Diagnosis | undefined {
  const atOnce = computingAtOnce(measured.best);
  const isTooMany = exercise.work.cpu && atOnce > measured.cores;
  const isMeant = decided === "threads" && where.strategy === "threads";
  return isTooMany && !isMeant ? moreThreadsThanCores(atOnce, measured.cores) : undefined;
}

function tooLittleOverlap({
  exercise,
  measured,
  where,
  libuvThreads,
}: Served): Diagnosis | undefined {
  const { best, cores } = measured;
  const lacking = overlapsOf(exercise, best, cores).find(isTooLittle);
  if (lacking === undefined) {
    return undefined;
  }
  const isPoolFull = where.strategy === "libuv" && lacking.most === libuvThreads;
  return isPoolFull ? libuvSaturated(lacking, best.observed.pool) : sequential(lacking);
}
