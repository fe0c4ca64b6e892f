import { setTimeout } from "node:timers/promises";
import type { Exercise } from "../../../registry/exercises.ts";
import { burstDeadlineMs } from "../faults.ts";
import { taskMs } from "../measure/alone.ts";
import type { Measured } from "../measure/bursts.ts";
import { cpuMsOf, type Evidence, gather, workOf } from "../measure/evidence.ts";
import { whyNoTime } from "../measure/trust.ts";
import { unhandledRejection } from "../mistakes/answers.ts";
import { signalIgnored, type WentOn } from "../mistakes/executors.ts";
import { type GivenUp, planOf } from "../plan.ts";
import { fail, inconclusive, type Outcome, pass } from "../report.ts";
import type { Session } from "../session.ts";
import type { Usage } from "../world/holdings.ts";
import type { Seen } from "../world/log.ts";
import { judgeReplies, type Wrong } from "./judge-replies.ts";

/** Calls are given up again, so often at most, until it is seen that the work ends with them. */
const attempts = 4;
/** On a slow machine a deadline may pass before anything has begun: the next is so many times as long. */
const patience = 1.3;
/** What still runs somewhere is waited for so long, in milliseconds. */
const goesOnMs = 450;
/** It is watched until nobody computes, between two polls for so long in milliseconds, and so often at most. */
const pollMs = 150;
const mostPolls = 12;
/** Of that time, less CPU time is nobody's work. */
const idleShare = 0.25;
/** What begins so long after all callers have gone is begun for nobody, in milliseconds. */
const graceMs = 60;
/** Of what all calls need, the part that is done for nobody when nothing is stopped. */
const mostShare = 0.7;
/** Fewer are those that were about to begin. */
const leastLate = 4;

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
  const wrong = await judgeNeighbours(session, measured);
  if (wrong === undefined) {
    return pass(`${seen.join("; ")}; those who stay have their answers`);
  }
  const doubt = wrong.isLate ? whyNoTime(measured) : undefined;
  return doubt === undefined
    ? fail(`some callers left, and of the others ${wrong.message}`, wrong.diagnosis)
    : inconclusive(`${wrong.message}; but ${doubt}`);
}

/** What went on for callers who had given up. */
interface GivenUpEvidence extends Evidence {
  /** When the last caller had gone, on the clock of monotonicMs. */
  readonly goneMs: number;
  /** What the backends and the toolbox had seen a while later. */
  readonly later: { readonly seen: Seen; readonly usage: Usage; readonly cpuMs: number };
}

async function giveUp(
  phase: GivenUp,
  session: Session,
  { alone, cores }: Measured,
): Promise<Outcome> {
  const { exercise, file } = session;
  const request = phase.request(alone.rounds);
  const requests = Array.from({ length: phase.calls(cores) }, () => request);
  const oneMs = taskMs(exercise, alone);
  let deadlineMs = phase.deadlineMs(oneMs);
  let ignored: Outcome | undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const evidence = await gatherGivenUp(session, requests, deadlineMs);
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
    const went = wentOn(exercise, evidence, phase, oneMs);
    if (went === undefined) {
      return pass(`${message}: ${handler.failedAfterAbort} handlers ended with them`);
    }
    ignored = fail(`${message}: ${went.message}`, signalIgnored(phase.during, went));
    // What was just ready may come after the abort; but not all of it.
    if (handler.failedAfterAbort === 0) {
      return ignored;
    }
  }
  return (
    ignored ??
    inconclusive(`no call could be given up while ${phase.during}: this machine is too busy for it`)
  );
}

async function gatherGivenUp(
  session: Session,
  requests: Parameters<typeof gather>[1],
  deadlineMs: number,
): Promise<GivenUpEvidence> {
  const { world, service, tree } = session;
  const endTree = tree.begin();
  const evidence = await gather(session, requests, () => deadlineMs);
  await setTimeout(goesOnMs);
  if (session.exercise.work.cpu) {
    await untilNobodyComputes(session);
  }
  const used = endTree();
  const { burst } = evidence;
  return {
    ...evidence,
    goneMs: burst.originMs + burst.wallMs,
    later: {
      seen: await world.seen(),
      usage: world.holdings.usage(service.pid),
      cpuMs: cpuMsOf({ ...evidence, tree: used }),
    },
  };
}

/** What computes in threads or processes of the learner's own is known by its CPU time alone. */
async function untilNobodyComputes({ tree }: Session): Promise<void> {
  for (let poll = 0; poll < mostPolls; poll++) {
    const end = tree.begin();
    await setTimeout(pollMs);
    const used = end();
    const cpuMs = used === undefined ? 0 : used.threadsCpuMs + used.childrenCpuMs;
    if (cpuMs < pollMs * idleShare) {
      return;
    }
  }
}

/** Whether calls were given up after their work had begun, and before it had ended. */
function isInTheMiddle({ computes }: GivenUp, { observed, later }: GivenUpEvidence): boolean {
  const { answeredAfterAbort, failedAfterAbort } = observed.handler;
  const hasComputed = later.usage.computing.calls > 0 || later.cpuMs > 0;
  return answeredAfterAbort + failedAfterAbort > 0 && (!computes || hasComputed);
}

function wentOn(
  exercise: Exercise,
  evidence: GivenUpEvidence,
  { computes }: GivenUp,
  taskMs: number,
): WentOn | undefined {
  const { begun, answeredAfterAbort, failedAfterAbort } = evidence.observed.handler;
  if (answeredAfterAbort > 0 && failedAfterAbort === 0) {
    const message = `${answeredAfterAbort} handlers went on and answered nobody`;
    return { message, calls: answeredAfterAbort, of: begun };
  }
  return (
    // Where calls are given up while they compute, requests have just been answered, or are about to be.
    (computes ? undefined : wentOnAtBackends(exercise, evidence)) ??
    wentOnInPlaces(exercise, evidence) ??
    (exercise.rpc === "ComputeHash" || computes
      ? computedOn(exercise, evidence, taskMs)
      : undefined)
  );
}

/** A request that is given up ends before its answer; what waits for a thread is not even begun. */
function wentOnAtBackends(exercise: Exercise, evidence: GivenUpEvidence): WentOn | undefined {
  const { goneMs, later, observed } = evidence;
  const { begun } = observed.handler;
  const { backend } = planOf(exercise);
  // A read of a file can't be stopped once it waits for libuv, and is closed when it is its turn.
  if (backend === undefined || backend.name === "slow disk") {
    return undefined;
  }
  const needed = begun * backend.callsEach;
  const lateMs = goneMs + graceMs;
  if (backend.name === "database") {
    const calls = later.usage.query.begunMs.filter((atMs) => atMs > lateMs).length;
    return calls >= leastLate
      ? { message: `${calls} queries began for nobody`, calls, of: begun }
      : undefined;
  }
  const { asked } = later.seen;
  const answered = asked.filter(
    ({ outcome, endedMs }) => outcome === "answered" && endedMs > goneMs,
  );
  const begunLate = asked.filter(({ beganMs }) => beganMs > lateMs).length;
  const late = answered.filter(({ beganMs }) => beganMs > lateMs).length;
  // A call that blocks its thread can't be stopped once it has begun.
  const canStop = later.usage.waiting.otherThreads === 0;
  const calls = canStop ? answered.length : late;
  const isMost = canStop
    ? calls > needed * (1 - mostShare) + 1
    : calls >= Math.max(leastLate, begunLate * mostShare);
  return isMost
    ? {
        message: `${calls} requests to the ${backend.name} went on to their answers, for nobody`,
        calls,
        of: begun,
      }
    : undefined;
}

/** A handler may reject and leave its work behind in a pool of the service. */
function wentOnInPlaces(exercise: Exercise, evidence: GivenUpEvidence): WentOn | undefined {
  const { begun, answeredAfterAbort, failedAfterAbort, ended } = evidence.observed.handler;
  const answeredInTime = ended - failedAfterAbort - answeredAfterAbort;
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

/** In threads or processes of the learner's own only the CPU time tells. */
function computedOn(
  exercise: Exercise,
  { later, observed }: GivenUpEvidence,
  taskMs: number,
): WentOn | undefined {
  const { begun } = observed.handler;
  // Hashes that are given up are three times as long as a burst's.
  const eachMs = exercise.rpc === "ComputeHash" ? 3 * taskMs : taskMs;
  const calls = Math.round(later.cpuMs / Math.max(1, eachMs));
  return later.cpuMs >= begun * eachMs * mostShare
    ? { message: `some ${calls} calls' work was computed on, for nobody`, calls, of: begun }
    : undefined;
}

/** So many callers leave in the middle, and so many stay. */
const leaving = 2;
const staying = 4;

/** Some callers leave while others wait: do the others have their answers all the same? */
async function judgeNeighbours(session: Session, { alone }: Measured): Promise<Wrong | undefined> {
  const { exercise, file, world } = session;
  const { burst, givenUp } = planOf(exercise);
  const leavesMs = givenUp[0]?.deadlineMs(taskMs(exercise, alone)) ?? burstDeadlineMs;
  // The last ask for the same as those who leave, whose work they may share.
  const different = Array.from({ length: staying }, (_, n) => burst(n + 1, alone.rounds));
  const all = [...different, ...different.slice(-leaving)];
  // Those who leave are neither the first nor the last.
  const isLeaving = (index: number) => index >= leaving && index < 2 * leaving;
  const { replies, seen, observed } = await gather(session, all, (index) =>
    isLeaving(index) ? leavesMs : burstDeadlineMs,
  );
  const stay = <Item>(items: readonly Item[]) => items.filter((_, index) => !isLeaving(index));
  return judgeReplies({
    exercise,
    file,
    requests: stay(all),
    replies: stay(replies),
    known: { mark: world.mark, asked: seen.asked, answers: alone.answers },
    problem: observed.handler.problem,
    past: [],
  });
}
