import { setTimeout } from "node:timers/promises";
import type { JsonValue } from "@bufbuild/protobuf";
import { type Cancelled, planOf } from "@unblock/exercises/check-plan";
import type { Exercise } from "@unblock/proto/exercises";
import { burstDeadlineMs } from "../faults.ts";
import { computingMs, taskMs } from "../measure/baseline.ts";
import { cpuMsOf, type Evidence, gather, pools, workOf } from "../measure/evidence.ts";
import type { Measured } from "../measure/measured.ts";
import { judgeRejections } from "../mistakes/answers.ts";
import { fail, inconclusive, type Outcome, pass } from "../result.ts";
import type { Session } from "../session.ts";
import { judgeReplies } from "./judge-replies.ts";
import { whyNoTime } from "./time.ts";

/** Bursts with a deadline at most, until one shows that the work ends with its call. */
const attempts = 4;
/** Factor for the next deadline when one has passed before any work began, on a slow machine. */
const patience = 1.3;
/** Time for which work that goes on is counted. */
const goesOnMs = 450;
/** Polls until nothing computes. */
const pollMs = 150;
const maxPolls = 40;
/** CPU share below which nothing computes. */
const idleShare = 0.25;
/** Requests that begin this long after all callers have disconnected begin for nobody. */
const graceMs = 60;
/** Share of the calls' work that is done for nobody when nothing stops it. */
const ignoredShare = 0.7;
/** Fewer requests may have been about to begin. */
const minLate = 4;
/** Callers that disconnect in the middle, and callers that stay. */
const leaving = 2;
const staying = 4;

/** Does the work end when its caller's deadline has passed? Decided by counts. */
export async function checkSignal(session: Session, measured: Measured): Promise<Outcome> {
  const seen: string[] = [];
  for (const phase of planOf(session.exercise).cancelled) {
    const outcome = await cancel(phase, session, measured);
    if (outcome.verdict !== "PASS") {
      return outcome;
    }
    seen.push(outcome.message);
  }
  const wrong = await judgeStaying(session, measured);
  if (wrong === undefined) {
    return pass(`${seen.join("; ")}; callers who stay get their responses`);
  }
  const doubt = wrong.isLate ? whyNoTime(measured) : undefined;
  return doubt === undefined
    ? fail(`some callers disconnected, and of the others ${wrong.message}`, ...wrong.diagnoses)
    : inconclusive(`${wrong.message}; but ${doubt}`);
}

async function cancel(
  phase: Cancelled,
  session: Session,
  { alone, cores }: Measured,
): Promise<Outcome> {
  const { exercise, file } = session;
  const request = phase.request(alone.rounds);
  const requests = Array.from({ length: phase.calls(cores) }, () => request);
  const oneMs = taskMs(exercise, alone);
  let deadlineMs = phase.deadlineMs(computingMs(exercise, alone));
  let ignored: Outcome | undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const evidence = await gatherCancelled(session, requests, deadlineMs);
    const rejected = judgeRejections(file, evidence.observed);
    if (rejected !== undefined) {
      return rejected;
    }
    if (!isInTheMiddle(exercise, phase, evidence, cores)) {
      deadlineMs *= patience;
      continue;
    }
    const { begun, failedAfterAbort } = evidence.observed.handler;
    const message = `${begun} calls cancelled while ${phase.during}`;
    const went = wentOn(exercise, evidence, phase, oneMs);
    if (went === undefined) {
      return pass(`${message}: ${failedAfterAbort} handlers ended with them`);
    }
    ignored = fail(`${message}: ${went.message}`, {
      name: "signal-ignored",
      finding: `${went.of} callers disconnected while ${phase.during}, and ${went.message}.`,
      nextStep:
        "Pass the handler's signal to everything that waits or runs for the call: fetch, a pool's run, the work itself by stopped().",
      numbers: { went_on: went.calls, cancelled: went.of },
    });
    // Work that was just ready may end after the abort; but not all of it.
    if (failedAfterAbort === 0) {
      return ignored;
    }
  }
  return (
    ignored ??
    inconclusive(
      `no call could be cancelled while ${phase.during}: this machine is too busy for it`,
    )
  );
}

/** Evidence of a burst whose callers disconnect, and of what goes on for a while after. */
async function gatherCancelled(
  session: Session,
  requests: readonly JsonValue[],
  deadlineMs: number,
): Promise<Evidence> {
  const { world, service, tree, exercise } = session;
  const endTree = tree.begin();
  const evidence = await gather(session, requests, () => deadlineMs);
  await setTimeout(goesOnMs);
  if (exercise.work.cpu) {
    await untilNothingComputes(session);
  }
  const used = endTree();
  const seen = await world.seen();
  return { ...evidence, tree: used, seen, usage: world.holdings.usage(service.pid) };
}

/** When the last caller disconnected, on the clock of monotonicMs. */
function goneMs({ burst }: Evidence): number {
  return burst.originMs + burst.wallMs;
}

/** Of the learner's own threads and processes only the CPU time shows when they are done. */
async function untilNothingComputes({ tree }: Session): Promise<void> {
  for (let poll = 0; poll < maxPolls; poll++) {
    const end = tree.begin();
    await setTimeout(pollMs);
    const { threadsCpuMs = 0, threadsStarvedMs = 0, childrenCpuMs = 0 } = end() ?? {};
    // A thread that waits for a core has not done yet.
    if (threadsCpuMs + threadsStarvedMs + childrenCpuMs < pollMs * idleShare) {
      return;
    }
  }
}

/**
 * Whether callers disconnected after their work had begun, and before it had ended. While some calls compute,
 * others have to wait for a core: only they show whether what waits is dropped.
 */
function isInTheMiddle(
  exercise: Exercise,
  { computes }: Cancelled,
  evidence: Evidence,
  cores: number,
): boolean {
  const { answeredAfterAbort, failedAfterAbort } = evidence.observed.handler;
  const hasComputed = evidence.usage.computing.calls > 0 || cpuMsOf(evidence) > 0;
  const hasWaited = couldCompute(exercise, evidence) > cores;
  return answeredAfterAbort + failedAfterAbort > 0 && (!computes || (hasComputed && hasWaited));
}

/** Number of calls that had what they compute with when their callers disconnected. */
function couldCompute(exercise: Exercise, evidence: Evidence): number {
  const { observed, seen } = evidence;
  return planOf(exercise).backend === undefined
    ? observed.handler.begun
    : seen.asked.filter(
        ({ outcome, endedMs }) => outcome === "answered" && endedMs <= goneMs(evidence),
      ).length;
}

/** Work that went on for disconnected callers. @param of number of those callers */
function goneOn(message: string, calls: number, of: number) {
  return { message, calls, of };
}

type WentOn = ReturnType<typeof goneOn>;

function wentOn(
  exercise: Exercise,
  evidence: Evidence,
  { computes }: Cancelled,
  taskMs: number,
): WentOn | undefined {
  const { begun, answeredAfterAbort, failedAfterAbort } = evidence.observed.handler;
  if (answeredAfterAbort > 0 && failedAfterAbort === 0) {
    const message = `${answeredAfterAbort} handlers went on and answered nobody`;
    return goneOn(message, answeredAfterAbort, begun);
  }
  return (
    // While calls compute, their requests have just been answered, or are about to be.
    (computes ? undefined : wentOnAtBackends(exercise, evidence)) ??
    wentOnInPools(exercise, evidence) ??
    (exercise.rpc === "ComputeHash" || computes
      ? computedOn(exercise, evidence, taskMs)
      : undefined)
  );
}

/** A cancelled request ends before its response, and a query that waits for a thread never begins. */
function wentOnAtBackends(exercise: Exercise, evidence: Evidence): WentOn | undefined {
  const { usage, seen, observed } = evidence;
  const { begun } = observed.handler;
  const { backend } = planOf(exercise);
  // A read that waits for libuv's pool can't be stopped; it is closed when it is its turn.
  if (backend === undefined || backend.name === "slow disk") {
    return undefined;
  }
  const leftMs = goneMs(evidence);
  const lateMs = leftMs + graceMs;
  if (backend.name === "database") {
    const calls = usage.query.begunMs.filter((atMs) => atMs > lateMs).length;
    return calls >= minLate ? goneOn(`${calls} queries began for nobody`, calls, begun) : undefined;
  }
  const { asked } = seen;
  const answered = asked.filter(
    ({ outcome, endedMs }) => outcome === "answered" && endedMs > leftMs,
  );
  // A call that blocks its thread can't be stopped once it has begun.
  const canStop = usage.waiting.otherThreads === 0;
  const begunLate = asked.filter(({ beganMs }) => beganMs > lateMs).length;
  const calls = canStop
    ? answered.length
    : answered.filter(({ beganMs }) => beganMs > lateMs).length;
  const isMost = canStop
    ? calls > begun * backend.callsEach * (1 - ignoredShare) + 1
    : calls >= Math.max(minLate, begunLate * ignoredShare);
  const message = `${calls} requests to the ${backend.name} went on to their answers, for nobody`;
  return isMost ? goneOn(message, calls, begun) : undefined;
}

/** A handler may reject and leave its work behind in a pool of the service. */
function wentOnInPools(exercise: Exercise, evidence: Evidence): WentOn | undefined {
  const { begun, answeredAfterAbort, failedAfterAbort, ended } = evidence.observed.handler;
  const answeredInTime = ended - failedAfterAbort - answeredAfterAbort;
  const completed = pools.reduce((sum, pool) => sum + workOf(evidence, pool).completed, 0);
  const forNobody = completed - answeredInTime;
  // A blocking call can't be stopped; what waits for a thread can.
  const isIgnored = exercise.work.cpu ? forNobody > 0 : completed >= begun && forNobody > 0;
  return isIgnored
    ? goneOn(`${forNobody} tasks were done to the end for nobody`, forNobody, begun)
    : undefined;
}

/** Of the learner's own threads and processes only the CPU time shows that they went on. */
function computedOn(exercise: Exercise, evidence: Evidence, taskMs: number): WentOn | undefined {
  const cpuMs = cpuMsOf(evidence);
  const of = couldCompute(exercise, evidence);
  // These hashes are three times as long as a burst's.
  const eachMs = exercise.rpc === "ComputeHash" ? 3 * taskMs : taskMs;
  const calls = Math.round(cpuMs / Math.max(1, eachMs));
  return cpuMs >= of * eachMs * ignoredShare
    ? goneOn(`some ${calls} calls' work was computed on, for nobody`, calls, of)
    : undefined;
}

/** Some callers disconnect while others wait: do the others get their responses all the same? */
async function judgeStaying(session: Session, { alone }: Measured): Promise<Outcome | undefined> {
  const { exercise, file } = session;
  const { burst, cancelled } = planOf(exercise);
  const leavesMs = cancelled[0]?.deadlineMs(computingMs(exercise, alone)) ?? burstDeadlineMs;
  // The last callers request the same as those who disconnect, whose work they may share.
  const different = Array.from({ length: staying }, (_, n) => burst(n + 1, alone.rounds));
  const all = [...different, ...different.slice(-leaving)];
  // The first and the last callers stay.
  const isLeaving = (index: number) => index >= leaving && index < 2 * leaving;
  const { mark, replies, seen, observed } = await gather(session, all, (index) =>
    isLeaving(index) ? leavesMs : burstDeadlineMs,
  );
  const stay = <Item>(items: readonly Item[]) => items.filter((_, index) => !isLeaving(index));
  return judgeReplies({
    exercise,
    file,
    requests: stay(all),
    replies: stay(replies),
    known: { mark, asked: seen.asked, answers: alone.answers },
    problem: observed.handler.problem,
    past: [],
  });
}
