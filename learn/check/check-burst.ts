import { judgeBursts } from "./answers/bursts.ts";
import { fastestMs, taskMs } from "./measure/alone.ts";
import { cpuMsOf } from "./measure/evidence.ts";
import { runBursts } from "./measure/run-bursts.ts";
import { whyNoTime } from "./measure/trust.ts";
import { burstMistakes } from "./mistakes/burst-mistakes.ts";
import { slowerThanItsWork } from "./mistakes/slower-than-its-work.ts";
import { whereItRan } from "./place/where-it-ran.ts";
import { planOf } from "./plan.ts";
import type { Report } from "./report.ts";
import { decidedStrategies, type Session } from "./session.ts";
import { checkAnswer } from "./steps/answer.ts";
import { checkBystander } from "./steps/bystander.ts";
import { checkFailures } from "./steps/failures.ts";
import { fail, inconclusive } from "./steps/outcome.ts";
import { checkOverlap } from "./steps/overlap.ts";
import { checkPlace } from "./steps/place.ts";
import { checkSignal } from "./steps/signal.ts";
import { checkTime } from "./steps/time.ts";

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
