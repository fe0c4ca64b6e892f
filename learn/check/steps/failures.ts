import { setTimeout } from "node:timers/promises";
import { callMs } from "../faults.ts";
import {
  hidesFailure,
  keptFailure,
  retriesWithoutEnd,
  unhandledRejection,
} from "../mistakes/answers.ts";
import { type Known, planOf, type Trouble } from "../plan.ts";
import { fail, type Outcome, pass } from "../report.ts";
import type { Session } from "../session.ts";
import { judgeReplies, type Wrong } from "./judge-replies.ts";

/** What does a caller hear when the backend fails, has nothing, or is slow? */
export async function checkFailures(session: Session): Promise<Outcome> {
  const wrong = await judgeTroubles(session);
  if (wrong !== undefined) {
    return fail(wrong.message, wrong.diagnosis);
  }
  const troubles = planOf(session.exercise).troubles.map(({ what }) => what);
  return pass(`callers hear the truth when ${troubles.join(", when ")}`);
}

/** A caller in a world of trouble leaves after this time, in milliseconds. */
const patienceMs = 1_200;
/** How long it is watched whether anybody still asks then, in milliseconds. */
const afterMs = 200;
/** So many times what a call needs is trying again; more is a storm. */
const mostTries = 12;
/** The same of one who has not come to an end when its caller leaves. */
const mostTriesAtEnd = 6;
/** Requests that still come after a caller has gone: with fewer, one may have been on its way. */
const mostLate = 2;

/**
 * What does the handler answer when its backend fails, has nothing, or is slow? And does it ask again
 * without end? Afterwards the world is right again.
 */
async function judgeTroubles(session: Session): Promise<Wrong | undefined> {
  const { exercise, world } = session;
  let failed: Trouble | undefined;
  for (const trouble of planOf(exercise).troubles) {
    const wrong = await judgeTrouble(session, trouble);
    await world.restart("right");
    if (wrong !== undefined) {
      return wrong;
    }
    failed = trouble.mayBeRight || trouble.mood === "right" ? failed : trouble;
  }
  return failed === undefined ? undefined : judgeRecovery(session, failed);
}

async function judgeTrouble(session: Session, trouble: Trouble): Promise<Wrong | undefined> {
  const { exercise, service, callers, world, file } = session;
  const { mood, what, request, mayBeRight } = trouble;
  await service.begin();
  await world.restart(mood);
  const beganMs = performance.now();
  const caller = AbortSignal.timeout(patienceMs);
  const reply = await service.within(
    callMs,
    `did not answer ${JSON.stringify(request)} when ${what}`,
    callers.call(request, caller),
  );
  const ms = Math.round(performance.now() - beganMs);
  const atEnd = await countAsks(session);
  if (caller.aborted) {
    await setTimeout(afterMs);
  }
  const { asked } = await world.seen();
  const asks = await countAsks(session);
  const late = caller.aborted ? asks - atEnd : 0;
  const needed = planOf(exercise).backend?.callsEach ?? 1;
  // Who still tries when its caller has left would have gone on.
  const most = needed * (caller.aborted ? mostTriesAtEnd : mostTries);
  if (asks > most || late > mostLate * needed) {
    const diagnosis = retriesWithoutEnd(what, asks, ms, late);
    return { message: `asked ${asks} times when ${what}`, diagnosis };
  }
  const { rejections } = await service.observe();
  const [rejection, ...others] = rejections;
  if (rejection !== undefined) {
    const diagnosis = unhandledRejection(file, [rejection, ...others]);
    return { message: `a promise was rejected when ${what}, and nobody looked`, diagnosis };
  }
  if (reply.code !== "ok") {
    return undefined;
  }
  const known: Known = { mark: world.mark, asked, answers: new Map() };
  const requests = [request];
  const isRight =
    mayBeRight &&
    judgeReplies({ exercise, file, requests, replies: [reply], known, problem: null, past: [] }) ===
      undefined;
  return isRight
    ? undefined
    : {
        message: `${JSON.stringify(request)} got ${JSON.stringify(reply.body)} when ${what}`,
        diagnosis: hidesFailure(what, request, reply.body),
      };
}

async function judgeRecovery(
  { service, callers }: Session,
  { request }: Trouble,
): Promise<Wrong | undefined> {
  const reply = await service.within(
    callMs,
    `did not answer ${JSON.stringify(request)}`,
    callers.call(request),
  );
  if (reply.code === "ok") {
    return undefined;
  }
  const message = `${JSON.stringify(request)} fails as ${reply.code}: ${reply.message}`;
  return { message, diagnosis: keptFailure(message) };
}

/** The database's driver is in the service, and the toolbox notes its queries. */
async function countAsks({ service, world }: Session): Promise<number> {
  const { asked, uncounted } = await world.seen();
  return asked.length + uncounted + world.holdings.usage(service.pid).query.calls;
}
