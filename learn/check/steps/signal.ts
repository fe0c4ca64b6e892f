import type { Exercise } from "../../../registry/exercises.ts";
import { taskMs } from "../measure/alone.ts";
import { type Evidence, gather, workOf } from "../measure/evidence.ts";
import type { Measured } from "../measure/measured.ts";
import { signalIgnored } from "../mistakes/signal-ignored.ts";
import { unhandledRejection } from "../mistakes/unhandled-rejection.ts";
import { type GivenUp, planOf } from "../plan.ts";
import type { Session } from "../session.ts";
import { fail, inconclusive, type Outcome, pass } from "./outcome.ts";

/** Calls are given up again, so often at most, until it is seen that the work ends with them. */
const attempts = 4;
/** On a slow machine a deadline may pass before anything has begun: the next is so many times as long. */
const patience = 1.3;

/** Does the work end when its caller's deadline has passed? Counts tell, not how long it took. */
export async function checkSignal(session: Session, measured: Measured): Promise<Outcome> {
  const seen: string[] = [];
  for (const phase of planOf(session.exercise).givenUp) {
    const outcome = await giveUp(phase, session, measured);
    if (outcome.verdict !== "PASS") {
      return outcome;
    }
    seen.push(outcome.message);
  }
  return pass(seen.join("; "));
}

async function giveUp(
  phase: GivenUp,
  { exercise, file, service, callers }: Session,
  { alone, cores }: Measured,
): Promise<Outcome> {
  const request = phase.request(alone.rounds);
  const requests = Array.from({ length: phase.calls(cores) }, () => request);
  let deadlineMs = phase.deadlineMs(taskMs(exercise, alone));
  let ignored: Outcome | undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const evidence = await gather(service, callers, requests, deadlineMs);
    const { handler, rejections } = evidence.observed;
    const [rejection, ...others] = rejections;
    if (rejection !== undefined) {
      const mistake = unhandledRejection(file, [rejection, ...others]);
      return fail("a promise was rejected, and nobody looked", mistake);
    }
    const message = `${handler.begun} calls given up while ${phase.during}`;
    if (!isInTheMiddle(phase, evidence)) {
      deadlineMs *= patience;
      continue;
    }
    const went = wentOn(exercise, evidence);
    if (went === undefined) {
      return pass(`${message}: ${handler.failedAfterAbort} handlers ended with them`);
    }
    ignored = fail(`${message}: ${went.message}`, signalIgnored(phase.during, went));
    // An answer that was just ready may come after the abort; but not all of them.
    if (handler.failedAfterAbort === 0) {
      return ignored;
    }
  }
  return (
    ignored ??
    inconclusive(`no call could be given up while ${phase.during}: this machine is too busy for it`)
  );
}

/** Whether calls were given up after their work had begun, and before it had ended. */
function isInTheMiddle({ computes }: GivenUp, { observed }: Evidence): boolean {
  const { answeredAfterAbort, failedAfterAbort } = observed.handler;
  const hasComputed = observed.usage.computing.calls > 0;
  return answeredAfterAbort + failedAfterAbort > 0 && (!computes || hasComputed);
}

/** What went on for callers who had given up. */
export interface WentOn {
  readonly message: string;
  readonly calls: number;
  readonly of: number;
}

function wentOn(exercise: Exercise, evidence: Evidence): WentOn | undefined {
  const { begun, answeredAfterAbort, failedAfterAbort, ended } = evidence.observed.handler;
  if (answeredAfterAbort > 0) {
    const message = `${answeredAfterAbort} handlers went on and answered nobody`;
    return { message, calls: answeredAfterAbort, of: begun };
  }
  // A handler may reject and leave its work behind.
  const answeredInTime = ended - failedAfterAbort;
  const completed = ["threads", "workers", "processes"]
    .map((place) => workOf(evidence, place).completed)
    .reduce((sum, one) => sum + one, 0);
  const forNobody = completed - answeredInTime;
  // A blocking call can't be stopped; what waits for a thread can.
  const isIgnored = exercise.work.cpu ? forNobody > 0 : completed >= begun && forNobody > 0;
  return isIgnored
    ? { message: `${forNobody} tasks were done to the end for nobody`, calls: forNobody, of: begun }
    : undefined;
}
