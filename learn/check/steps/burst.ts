import type { Diagnosis, DiagnosisName } from "@unblock/diagnose/diagnosis";
import { planOf } from "@unblock/exercises/checks";
import { meantStrategies } from "../decision.ts";
import { taskMs } from "../measure/baseline.ts";
import { type Measured, runBursts } from "../measure/bursts.ts";
import { cpuMsOf } from "../measure/evidence.ts";
import { evidenceParts } from "../measure/executor.ts";
import { allOverlaps, isTooLittle } from "../measure/overlap.ts";
import { burstMistakes } from "../mistakes/burst-mistakes.ts";
import { fail, inconclusive, type Outcome, pass, type Report } from "../result.ts";
import type { Session } from "../session.ts";
import { checkAnswer, judgeBursts } from "./answer.ts";
import { checkFailures } from "./failures.ts";
import { checkSignal } from "./signal.ts";
import {
  checkProbe,
  checkTime,
  haveHung,
  maxTimesWork,
  slowerThanItsWork,
  whyNoTime,
} from "./time.ts";

/** Mistakes of a burst that do not concern where it ran. */
const notOfExecutor: ReadonlySet<DiagnosisName> = new Set([
  "sequential",
  "libuv-pool-saturated",
  "pool-too-small",
]);

/** Checks a handler's single calls and bursts, failing backends, and disconnecting callers. */
export async function checkBurst(session: Session, report: Report): Promise<void> {
  const { exercise, service } = session;
  if (!(await report.make("answer", () => checkAnswer(session)))) {
    return;
  }
  const judged = await report.attempt("overlap", async () => {
    const measured = await runBursts(session);
    return { measured, wrong: await judgeBursts(session, measured) };
  });
  if (judged === undefined) {
    return;
  }
  const { measured, wrong } = judged;
  const mistakes = burstMistakes(measured, meantStrategies(exercise, service.decision));
  if (wrong !== undefined) {
    report.add("overlap", explained(wrong, measured, mistakes));
    return;
  }
  const overlaps = report.add("overlap", checkOverlap(measured, mistakes));
  const isPlaced = report.add("executor", checkExecutor(measured, mistakes));
  report.add("time", checkTime(measured, mistakes));
  report.add("probe", checkProbe(measured));
  if (!overlaps || !isPlaced) {
    return;
  }
  const { cancelled, troubles } = planOf(exercise);
  if (troubles.length > 0) {
    await report.make("failures", () => checkFailures(session));
  }
  if (cancelled.length > 0 && !service.hasDied) {
    await report.make("signal", () => checkSignal(session, measured));
  }
}

/** Outcome of a burst with a wrong response. */
function explained(wrong: Outcome, measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const { message, diagnoses, isLate } = wrong;
  const { exercise, best, alone, where } = measured;
  const isWaste = cpuMsOf(best) > maxTimesWork * best.requests.length * taskMs(exercise, alone);
  if (isLate && exercise.work.cpu && isWaste) {
    // The clock does not matter, nor does the load by others.
    return fail(message, slowerThanItsWork(measured));
  }
  if (where.held !== undefined) {
    // Calls fail because a held loop made them late, however busy the machine is.
    return fail(message, ...mistakes, ...diagnoses);
  }
  const doubt = isLate && !haveHung(measured) ? whyNoTime(measured) : undefined;
  return doubt === undefined ? wrong : inconclusive(`${message}; but ${doubt}`);
}

/** Did the calls of a burst overlap as they should? Decided by counts. */
function checkOverlap(measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const overlaps = allOverlaps(measured);
  const message = overlaps
    .map(
      ({ what, calls, most, wanted }) => `${most} of ${calls} ${what} at once (${wanted} wanted)`,
    )
    .join(", ");
  // A full pool also delays others who need it for something else.
  const isPoolFull = mistakes.some(({ name }) => name === "libuv-pool-saturated");
  return overlaps.some(isTooLittle) || isPoolFull ? fail(message, ...mistakes) : pass(message);
}

/** Did it run where the decision says, and is that right? */
function checkExecutor(measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const { exercise, best, where } = measured;
  const evidence = evidenceParts(exercise, best);
  const misplaced = mistakes.filter(({ name }) => !notOfExecutor.has(name));
  // Another executor may do as well; the harm that it does would have a name.
  if (misplaced.length > 0 || where.held !== undefined) {
    return fail(`ran as ${where.strategy}: ${evidence.join(", ")}`, ...misplaced);
  }
  const busy = Math.round(best.loopUtilization * 100);
  return pass(
    `${best.burst.calls.length} calls ran as ${where.strategy}, and the event loop was ${busy} % busy${price(measured)}`,
    evidence,
  );
}

/** What a right answer costs that is not the recommended one. */
function price({ exercise, where }: Measured): string {
  const { strategies, recommended } = exercise;
  const { strategy, isOwn } = where;
  if (isOwn) {
    return ". Its price: threads or processes of your own, each with a heap, to start, bound and end yourself";
  }
  const reason = strategies.find(({ name }) => name === strategy)?.reason;
  return strategy === recommended || reason === undefined ? "" : `. Its price: ${reason}`;
}
