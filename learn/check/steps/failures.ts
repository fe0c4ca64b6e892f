import { setTimeout } from "node:timers/promises";
import { type Known, planOf, type Trouble } from "@unblock/exercises/check-plan";
import { priceOfUnread } from "../measure/growth.ts";
import type { TreeUse } from "../measure/system.ts";
import { hidesFailure, judgeRejections, retriesWithoutEnd } from "../mistakes/answers.ts";
import { fail, type Outcome, pass, round } from "../result.ts";
import { makeCall, type Session } from "../session.ts";
import { judgeReplies } from "./judge-replies.ts";

/** Time after which a caller disconnects. */
const patienceMs = 1_200;
/** Time for which requests are then still counted. */
const afterMs = 200;
/** Requests of one call, in multiples of what it needs, that count as retries; more are a storm. */
const maxTries = 12;
/** The same for a call that goes on when its caller disconnects: it would have gone on. */
const maxTriesAtEnd = 6;
/** CPU time of the loop, and its share of the time, that one call may need which waits. */
const maxWaitingCpuMs = 60;
const maxWaitingShare = 0.35;
/** Requests after the caller has disconnected that may have been on their way. */
const maxLate = 2;

/** Does the handler report when its backend fails, has nothing, or is slow, without retrying forever? */
export async function checkFailures(session: Session): Promise<Outcome> {
  const { exercise, service, world } = session;
  const { troubles } = planOf(exercise);
  let failed: Trouble | undefined;
  for (const trouble of troubles) {
    const wrong = await judgeTrouble(session, trouble);
    await world.restart("right", [trouble.request]);
    if (wrong !== undefined) {
      return wrong;
    }
    failed = trouble.mayBeRight || trouble.mood === "right" ? failed : trouble;
  }
  const wrong = failed === undefined ? undefined : await judgeRecovery(session, failed);
  if (wrong !== undefined) {
    return wrong;
  }
  const { unreadResponses } = await service.observe();
  const when = troubles.map(({ what }) => what).join(", when ");
  return pass(`callers hear the truth when ${when}${priceOfUnread(unreadResponses)}`);
}

async function judgeTrouble(session: Session, trouble: Trouble): Promise<Outcome | undefined> {
  const { exercise, service, world, tree, file } = session;
  const { mood, what, request, mayBeRight } = trouble;
  await service.begin();
  await world.restart(mood, [request]);
  const endTree = tree.begin();
  const beganMs = performance.now();
  const caller = AbortSignal.timeout(patienceMs);
  const reply = await makeCall(session, request, caller, ` when ${what}`);
  const ms = Math.round(performance.now() - beganMs);
  const used = endTree();
  const atEnd = await countAsks(session);
  if (caller.aborted) {
    await setTimeout(afterMs);
  }
  const { asked } = await world.seen();
  const asks = await countAsks(session);
  const late = caller.aborted ? asks - atEnd : 0;
  const needed = planOf(exercise).backend?.callsEach ?? 1;
  const max = needed * (caller.aborted ? maxTriesAtEnd : maxTries);
  if (asks > max || late > maxLate * needed) {
    return fail(`asked ${asks} times when ${what}`, retriesWithoutEnd(what, asks, ms, late));
  }
  if (mood === "slow" && used !== undefined && isLoopKeptBusy(used, ms)) {
    const message = `the event loop was busy when ${what}, while one call waited`;
    const loopCpuMs = round(used.loopCpuMs);
    return fail(message, {
      name: "loop-kept-busy",
      finding: `The only call waited ${ms} ms for its backend, and the event loop used ${loopCpuMs} ms of CPU meanwhile: everybody else waits for that.`,
      nextStep:
        "Await the promise or the event that comes with the response, instead of asking again and again whether it is there.",
      numbers: { call_ms: ms, loop_cpu_ms: loopCpuMs },
    });
  }
  const rejected = judgeRejections(file, await service.observe(), ` when ${what}`);
  if (rejected !== undefined || reply.code !== "ok") {
    return rejected;
  }
  const known: Known = { mark: world.mark, asked, answers: new Map() };
  const answered = { exercise, file, requests: [request], replies: [reply], known };
  if (mayBeRight && judgeReplies({ ...answered, problem: null, past: [] }) === undefined) {
    return undefined;
  }
  const message = `${JSON.stringify(request)} got ${JSON.stringify(reply.body)} when ${what}`;
  return fail(message, hidesFailure(what, request, reply.body));
}

function isLoopKeptBusy({ loopCpuMs, loopStarvedMs }: TreeUse, ms: number): boolean {
  // Without a core it could neither work nor idle.
  return loopCpuMs > Math.max(maxWaitingCpuMs, (ms - loopStarvedMs) * maxWaitingShare);
}

/** Does a call succeed again once the backend has recovered? */
async function judgeRecovery(session: Session, { request }: Trouble): Promise<Outcome | undefined> {
  const reply = await makeCall(session, request);
  const message = `${JSON.stringify(request)} fails as ${reply.code}: ${reply.message}`;
  if (reply.code === "ok") {
    return undefined;
  }
  return fail(message, {
    name: "stale-value",
    finding: `The backend failed once and has recovered, and a call still fails: ${message}. The failure was kept.`,
    nextStep: "Do not keep a rejected promise or a broken connection: start again.",
    numbers: {},
  });
}

/** The database's driver runs in the service, which notes its queries. */
async function countAsks({ service, world }: Session): Promise<number> {
  const { asked, uncounted } = await world.seen();
  return asked.length + uncounted + world.holdings.usage(service.pid).query.calls;
}
