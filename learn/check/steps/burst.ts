import type { Exercise } from "../../../registry/exercises.ts";
import type { Diagnosis, DiagnosisName } from "../../diagnose/diagnosis.ts";
import { describeAlone, fastestMs, taskMs } from "../measure/alone.ts";
import {
  allowedBystanderMs,
  bystanderMs,
  fastestWallMs,
  type Measured,
  runBursts,
} from "../measure/bursts.ts";
import { cpuMsOf } from "../measure/evidence.ts";
import {
  describeEvidence,
  evidenceParts,
  type Whereabouts,
  whereItRan,
} from "../measure/executor.ts";
import { isTooLittle, overlapsOf } from "../measure/overlap.ts";
import { fullCpuMs, wasLoopFree, whyNoTime } from "../measure/trust.ts";
import { burstMistakes, type Served } from "../mistakes/burst-mistakes.ts";
import { slowerThanItsWork } from "../mistakes/executors.ts";
import { planOf } from "../plan.ts";
import { fail, inconclusive, type Outcome, pass, type Report, round } from "../report.ts";
import { decidedStrategies, type Session } from "../session.ts";
import { checkAnswer, judgeBursts } from "./answer.ts";
import { checkFailures } from "./failures.ts";
import { checkSignal } from "./signal.ts";

/** So many times the CPU time of the work is no other way to compute it, but waste. */
const mostTimesWork = 4;

/** Checks how a handler answers, alone and many calls at once, and what it does for callers who give up. */
export async function checkBurst(session: Session, report: Report): Promise<void> {
  const { exercise, service } = session;
  if (!(await report.make("answer", () => checkAnswer(session)))) {
    return;
  }
  const measured = await report.attempt("overlap", () => runBursts(session));
  if (measured === undefined) {
    return;
  }
  const { alone, best } = measured;
  const where = whereItRan(exercise, best, fastestMs(alone), taskMs(exercise, alone));
  const decided = decidedStrategies(session);
  const served = { exercise, measured, where, decided, libuvThreads: service.libuvThreads };
  const mistakes = burstMistakes(served);
  const wrong = await judgeBursts(session, measured);
  const isWaste = cpuMsOf(best) > mostTimesWork * best.requests.length * taskMs(exercise, alone);
  if (wrong?.isLate && exercise.work.cpu && isWaste) {
    // So much CPU time is no matter of the clock, nor of what others do.
    report.add("overlap", fail(wrong.message, slowerThanItsWork(measured)));
    return;
  }
  if (wrong !== undefined) {
    // A loop that was held is why, however busy the machine is.
    const doubt = wrong.isLate && where.held === undefined ? whyNoTime(measured) : undefined;
    if (doubt !== undefined) {
      report.add("overlap", inconclusive(`${wrong.message}; but ${doubt}`));
      return;
    }
    // Calls that a held loop made late may fail: then it is the loop that is to be mended first.
    const first = where.held === undefined ? [] : mistakes;
    report.add("overlap", fail(wrong.message, ...first, wrong.diagnosis));
    return;
  }
  const overlaps = report.add("overlap", checkOverlap(exercise, measured, mistakes));
  const isPlaced = report.add("place", checkPlace(served, mistakes));
  report.add("time", checkTime(measured, mistakes));
  report.add("bystander", checkBystander(measured, where));
  // What is in the wrong place can't be given up there.
  const { givenUp, troubles } = planOf(exercise);
  if (overlaps && isPlaced && troubles.length > 0) {
    await report.make("failures", () => checkFailures(session));
  }
  if (overlaps && isPlaced && givenUp.length > 0 && !service.hasDied) {
    await report.make("signal", () => checkSignal(session, measured));
  }
}

/** Did a burst overlap as it should? The backends count, so no clock is asked. */
function checkOverlap(
  exercise: Exercise,
  { best, cores }: Measured,
  mistakes: readonly Diagnosis[],
): Outcome {
  const overlaps = overlapsOf(exercise, best, cores);
  const message = overlaps
    .map(
      ({ what, calls, most, wanted }) => `${most} of ${calls} ${what} at once (${wanted} wanted)`,
    )
    .join(", ");
  // A full pool also keeps others waiting who need it for something else.
  const isPoolFull = mistakes.some(({ name }) => name === "libuv-pool-saturated");
  return overlaps.some(isTooLittle) || isPoolFull ? fail(message, ...mistakes) : pass(message);
}

/** Mistakes of a burst that are none of its place. */
const elsewhere: ReadonlySet<DiagnosisName> = new Set([
  "sequential",
  "libuv-pool-saturated",
  "pool-too-small",
]);

/** Did it run where the decision says, and is that right? Apart from how long it took. */
function checkPlace(served: Served, mistakes: readonly Diagnosis[]): Outcome {
  const { exercise, measured, where } = served;
  const evidence = `ran as ${where.strategy}: ${describeEvidence(exercise, measured.best)}`;
  const misplaced = mistakes.filter(({ name }) => !elsewhere.has(name));
  // Another place than those that are told about may do as well; if it does harm, that has a name.
  const isFrozen = where.held !== undefined;
  if (misplaced.length > 0 || isFrozen) {
    return fail(evidence, ...misplaced);
  }
  const { burst, loop } = measured.best;
  const busy = Math.round(loop.utilization * 100);
  return pass(
    `${burst.calls.length} calls ran as ${where.strategy}, and the event loop was ${busy} % busy${price(exercise, where)}`,
    evidenceParts(exercise, measured.best),
  );
}

/** What a right answer that is not the recommended one costs. */
function price({ strategies, recommended }: Exercise, { strategy, isOwn }: Whereabouts): string {
  if (isOwn) {
    return ". Its price: threads or processes of your own, each with a heap, to start, bound and end yourself";
  }
  const reason = strategies.find(({ name }) => name === strategy)?.reason;
  return strategy === recommended || reason === undefined ? "" : `. Its price: ${reason}`;
}

/** So many times what is right, and nobody can say that it was chance. */
const clearlyTooLong = 1.25;

/**
 * Did a burst take no longer than this machine needs for it?
 *
 * @param mistakes what is wrong with it anyway, and is then why
 */
export function checkTime(measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const { alone, allowedMs, bursts } = measured;
  const wallMs = fastestWallMs(measured);
  const message = `${round(wallMs)} ms, best of ${bursts.length}; one call's work takes ${describeAlone(alone)} here, so up to ${round(allowedMs)} ms are right`;
  if (wallMs <= allowedMs) {
    return pass(message);
  }
  const cpuMs = mistakes.length === 0 ? fullCpuMs(measured) : undefined;
  if (cpuMs !== undefined) {
    return pass(
      `${message}; but all cores that others left worked on it, for ${round(cpuMs)} ms of CPU in all`,
    );
  }
  // Another mistake may be why; the time by itself has to be too long beyond doubt.
  const isClose = mistakes.length === 0 && wallMs <= allowedMs * clearlyTooLong;
  const doubt = isClose ? "that is too close to tell" : whyNoTime(measured);
  if (doubt !== undefined) {
    return inconclusive(`${message}; but ${doubt}`);
  }
  return mistakes.length > 0 ? fail(message) : fail(message, slowerThanItsWork(measured));
}

/** So many times what goes unnoticed, and nobody can say that it was chance. */
const clearlyTooLate = 1.5;

/** Did others who call the service meanwhile get their answers as ever? */
export function checkBystander(measured: Measured, { held }: Whereabouts): Outcome {
  const lateMs = bystanderMs(measured);
  const allowedMs = allowedBystanderMs(measured);
  const message = `Ping, every 5 ms: 90 % within ${round(lateMs)} ms, ${round(measured.idleBystanderMs)} ms when nothing else goes on`;
  if (lateMs <= allowedMs) {
    return pass(message);
  }
  // A loop that was held is why, however busy the machine is.
  const busy = held === undefined ? whyNoTime(measured) : undefined;
  if (held === undefined && wasLoopFree(measured)) {
    return busy === undefined
      ? inconclusive(`${message}; but the event loop was free for them, and had no core`)
      : pass(`${message}; the event loop was free for them, but ${busy}`);
  }
  const isClose = held === undefined && lateMs <= allowedMs * clearlyTooLate;
  const doubt = isClose ? "that is too close to tell" : busy;
  return doubt === undefined
    ? fail(`${message}; up to ${round(allowedMs)} ms go unnoticed`)
    : inconclusive(`${message}; but ${doubt}`);
}
