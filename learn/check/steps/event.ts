import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import { meantStrategies } from "../decision.ts";
import { runBursts } from "../measure/bursts.ts";
import { priceOfUnread } from "../measure/growth.ts";
import { asksTooOften, describeFailure, noAnswer, wrongAnswer } from "../mistakes/answers.ts";
import { burstMistakes, decidedOtherwise } from "../mistakes/burst-mistakes.ts";
import { fail, type Outcome, pass, type Report, round } from "../result.ts";
import type { EventSession } from "../session.ts";
import { after } from "../world/analytics.ts";
import {
  checkAfterReply,
  isLost,
  judgeEvents,
  parse,
  type Tracked,
  track,
  waitsMs,
} from "./after-reply.ts";
import { judgeBursts } from "./burst.ts";
import { checkProbe, checkTime, passIfSeen } from "./time.ts";

const requests = [
  { event: "page_view", user_id: 123 },
  { event: 'a "quoted" näme', user_id: 7 },
] as const;
const accepted = { status: "accepted" };
/** Time that analytics takes for an event of a burst, at least; it takes none before the replies have come. */
const takesMs = 50;

/** Checks a handler whose work follows its reply. */
export async function checkTrackEvent(session: EventSession, report: Report): Promise<void> {
  const seen = await report.attempt("answer", () => checkEvent(session));
  if (seen === undefined || !report.add("answer", seen.answer)) {
    return;
  }
  const { tracked } = seen;
  const decided = meantStrategies(session.exercise, session.service.decision);
  const isFirst = report.add("executor", checkReplyFirst(tracked, decided));
  // Of lost events no burst is needed.
  if (isFirst && (tracked.some(isLost) || (await measureReplies(session, report)))) {
    await report.make("after-reply", () => checkAfterReply(session, requests[0], tracked));
  }
}

/** @returns whether the next step makes sense */
async function measureReplies(session: EventSession, report: Report): Promise<boolean> {
  const { analytics } = session;
  const posted: string[] = [];
  analytics.takeAll((event) => {
    posted.push(event.body);
    const taken = Promise.all([analytics.replied, after(takesMs)]);
    void Promise.race([taken, after(waitsMs)]).then(() => event.confirm());
  });
  const judged = await report.attempt("overlap", async () => {
    const measured = await runBursts(session);
    const calls = [...measured.bursts, ...measured.crowds].flatMap((one) => one.requests);
    const wrong = (await judgeBursts(session, measured)) ?? judgeEvents(calls, posted);
    return { measured, calls, wrong };
  });
  analytics.takeAll(undefined);
  if (judged === undefined) {
    return false;
  }
  const { measured, calls, wrong } = judged;
  if (wrong !== undefined) {
    return report.add("overlap", wrong);
  }
  const mistakes = burstMistakes(measured, []);
  const price = priceOfUnread(measured.best.observed.unreadResponses);
  const message = `${posted.length} events of ${calls.length} calls arrived, each once${price}`;
  const overlap = mistakes.length > 0 ? fail(message, ...mistakes) : passIfSeen(measured, message);
  const isGood = report.add("overlap", overlap);
  report.add("time", checkTime(measured, mistakes));
  report.add("probe", checkProbe(measured));
  return isGood;
}

/** Is the reply right, and the event that arrives at analytics? */
async function checkEvent(
  session: EventSession,
): Promise<{ readonly answer: Outcome; readonly tracked: readonly Tracked[] }> {
  const tracked: Tracked[] = [];
  for (const request of requests) {
    session.analytics.takeArrived();
    await session.service.begin();
    const one = await track(session, request, false);
    tracked.push(one);
    const wrong = (await sentAgain(session, request)) ?? (await whatIsWrong(session, request, one));
    if (wrong !== undefined) {
      return { answer: wrong, tracked };
    }
    // Another would show the same again.
    if (!one.repliedFirst || isLost(one)) {
      break;
    }
  }
  const answer = pass(`right for ${tracked.length} events: what is replied and posted`);
  return { answer, tracked };
}

/** Was an event sent again that analytics had taken? */
async function sentAgain(
  { analytics }: EventSession,
  request: JsonValue,
): Promise<Outcome | undefined> {
  await analytics.untilQuiet();
  const others = analytics.takeArrived();
  for (const other of others) {
    other.confirm();
  }
  const times = 1 + others.filter(({ body }) => isDeepStrictEqual(parse(body), request)).length;
  return times === 1
    ? undefined
    : fail(
        `${JSON.stringify(request)} was sent ${times} times`,
        asksTooOften("analytics service", times, 1),
      );
}

async function whatIsWrong(
  { file, service }: EventSession,
  request: JsonValue,
  { reply, posted, outcome }: Tracked,
): Promise<Outcome | undefined> {
  const { handler, fetches } = await service.observe();
  if (reply.code !== "ok") {
    const failure = { ...reply, problem: handler.problem };
    const finding = describeFailure(request, failure);
    return fail(finding, noAnswer(file, finding, failure));
  }
  if (!isDeepStrictEqual(reply.body, accepted)) {
    const got = JSON.stringify(reply.body);
    return fail(`replied ${got}`, wrongAnswer(request, reply.body, { status: ["accepted"] }));
  }
  const isMissing = posted === undefined && fetches === 0;
  const isOther =
    posted !== undefined && outcome !== "lost" && !isDeepStrictEqual(parse(posted), request);
  if (!isMissing && !isOther) {
    return undefined;
  }
  const expected = JSON.stringify(request);
  return fail(`posted ${posted ?? "nothing"} for ${expected}`, {
    name: "wrong-answer",
    finding:
      posted === undefined
        ? `The reply is right, and analytics did not receive the event ${expected}.`
        : `Analytics received ${posted || "nothing"} instead of ${expected}.`,
    nextStep: "Post the event to analyticsUrl() as JSON, with the fields that the scenario names.",
    numbers: {},
  });
}

/** Was the reply sent before the event was taken? Decided by their order. */
function checkReplyFirst(tracked: readonly Tracked[], decided: readonly string[]): Outcome {
  const isFirst = tracked.every(({ repliedFirst }) => repliedFirst);
  const ran = isFirst ? "background" : "await";
  const when = isFirst ? "before analytics took" : "only after analytics had taken";
  const evidence = `the reply was sent ${when} the event`;
  const isDecided = decided.length === 0 || decided.includes(ran);
  const waits: Diagnosis = {
    name: "reply-waits-for-work",
    finding:
      "The reply was sent only after analytics had taken the event: the caller waits for work whose result it does not need.",
    nextStep: "Reply first, and leave the event to an owner that outlives the call.",
    numbers: { reply_ms: round(tracked[0]?.replyMs ?? 0) },
  };
  const mistakes = [
    ...(isFirst ? [] : [waits]),
    ...(isDecided ? [] : [decidedOtherwise(decided[0] ?? "", ran, evidence)]),
  ];
  const message = `ran as ${ran}: ${evidence}`;
  return mistakes.length > 0 ? fail(message, ...mistakes) : pass(message);
}
