import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import { type Analytics, after } from "../analytics/analytics.ts";
import {
  judgeEvents,
  refuseEvent,
  stopWithEvent,
  type Tracked,
  track,
} from "../analytics/track.ts";
import { fastestMs, taskMs } from "../measure/alone.ts";
import { runBursts } from "../measure/bursts.ts";
import { whereItRan } from "../measure/executor.ts";
import {
  asksTooOften,
  describeFailure,
  lostAtShutdown,
  lostOnAbort,
  noAnswer,
  replyWaits,
  retriesWithoutEnd,
  unhandledRejection,
  wrongAnswer,
  wrongEvent,
} from "../mistakes/answers.ts";
import { burstMistakes } from "../mistakes/burst-mistakes.ts";
import { decidedOtherwise } from "../mistakes/executors.ts";
import { fail, type Outcome, pass, type Report, round } from "../report.ts";
import { decidedStrategies, type Session } from "../session.ts";
import { judgeBursts } from "./answer.ts";
import { checkBystander, checkTime } from "./burst.ts";

/** Analytics takes an event of calls at once after this time, in milliseconds. */
const takesMs = 50;

/** Checks a handler whose work comes after its reply. */
export async function checkTrackEvent(
  session: Session,
  analytics: Analytics,
  report: Report,
): Promise<void> {
  const seen = await report.attempt("answer", () => checkEvent(session, analytics));
  if (seen === undefined || !report.add("answer", seen.answer)) {
    return;
  }
  const { tracked } = seen;
  const isFirst = report.add("place", checkReplyFirst(tracked, decidedStrategies(session)));
  // What is lost already need not be measured.
  if (isFirst && (tracked.some(isLost) || (await measureReplies(session, analytics, report)))) {
    await report.make("after-reply", () => checkAfterReply(session, analytics, tracked));
  }
}

/** @returns whether what came of it lets the rest be checked */
async function measureReplies(
  session: Session,
  analytics: Analytics,
  report: Report,
): Promise<boolean> {
  const posted: string[] = [];
  analytics.takeAll((event) => {
    posted.push(event.body);
    void after(takesMs).then(() => event.confirm());
  });
  const measured = await report.attempt("overlap", () => runBursts(session));
  if (measured === undefined) {
    analytics.takeAll(undefined);
    return false;
  }
  const { exercise, service } = session;
  const { alone, best, bursts, crowds } = measured;
  const requests = [...bursts, ...crowds].flatMap((one) => one.requests);
  analytics.takeAll(undefined);
  const wrong = (await judgeBursts(session, measured)) ?? judgeEvents(requests, posted);
  if (wrong !== undefined) {
    return report.add("overlap", fail(wrong.message, wrong.diagnosis));
  }
  const where = whereItRan(exercise, best, fastestMs(alone), taskMs(exercise, alone));
  const { libuvThreads } = service;
  const mistakes = burstMistakes({ exercise, measured, where, decided: [], libuvThreads });
  const message = `${posted.length} events of ${requests.length} calls arrived, each once`;
  const isGood = report.add(
    "overlap",
    mistakes.length > 0 ? fail(message, ...mistakes) : pass(message),
  );
  report.add("time", checkTime(measured, mistakes));
  report.add("bystander", checkBystander(measured, where));
  return isGood;
}

const requests = [
  { event: "page_view", user_id: 123 },
  { event: 'a "quoted" näme', user_id: 7 },
] as const;
/** An event that is refused may be sent again; more than so often in less than a second is a storm. */
const mostTries = 12;
const accepted = { status: "accepted" };

/** Is the reply right, and what arrives at analytics? */
async function checkEvent(
  session: Session,
  analytics: Analytics,
): Promise<{ readonly answer: Outcome; readonly tracked: readonly Tracked[] }> {
  const tracked: Tracked[] = [];
  for (const request of requests) {
    analytics.takeArrived();
    await session.service.begin();
    const one = await track(session, analytics, request, false);
    tracked.push(one);
    const again = await sentAgain(analytics, request);
    if (again !== undefined) {
      return { answer: again, tracked };
    }
    const wrong = await whatIsWrong(session, request, one);
    if (wrong !== undefined) {
      return { answer: wrong, tracked };
    }
    // Another would show the same again.
    if (!one.repliedFirst || isLost(one)) {
      break;
    }
  }
  return {
    answer: pass(`right for ${tracked.length} events: what is replied and posted`),
    tracked,
  };
}

/** Was an event that analytics had taken sent again? */
async function sentAgain(analytics: Analytics, request: JsonValue): Promise<Outcome | undefined> {
  await analytics.rest();
  const others = analytics.takeArrived();
  const repeated = others.filter(({ body }) => isJsonOf(body, request)).length;
  for (const other of others) {
    other.confirm();
  }
  return repeated === 0
    ? undefined
    : fail(
        `${JSON.stringify(request)} was sent ${repeated + 1} times`,
        asksTooOften("analytics service", repeated + 1, 1),
      );
}

async function whatIsWrong(
  { file, service }: Session,
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
  const isOther = posted !== undefined && outcome !== "lost" && !isJsonOf(posted, request);
  return isMissing || isOther
    ? fail(
        `posted ${posted ?? "nothing"} for ${JSON.stringify(request)}`,
        wrongEvent(posted, JSON.stringify(request)),
      )
    : undefined;
}

/** Was the reply there before the event was taken? The order tells, not how long it took. */
function checkReplyFirst(tracked: readonly Tracked[], decided: readonly string[]): Outcome {
  const isFirst = tracked.every(({ repliedFirst }) => repliedFirst);
  const ran = isFirst ? "background" : "await";
  const evidence = isFirst
    ? "the reply was there before analytics took the event"
    : "the reply was there only after analytics had taken the event";
  const disagreement =
    decided.length === 0 || decided.includes(ran)
      ? []
      : [decidedOtherwise(decided[0] ?? "", ran, evidence)];
  const message = `ran as ${ran}: ${evidence}`;
  if (!isFirst) {
    const [first] = tracked;
    return fail(message, replyWaits(round(first?.replyMs ?? 0)), ...disagreement);
  }
  return disagreement.length > 0 ? fail(message, ...disagreement) : pass(message);
}

/** Does the event arrive whatever happens: the caller goes, analytics refuses one, the service stops? */
async function checkAfterReply(
  session: Session,
  analytics: Analytics,
  tracked: readonly Tracked[],
): Promise<Outcome> {
  const [request] = requests;
  if (tracked.some(isLost)) {
    return fail("lost when the caller had its reply", lostOnAbort("had its reply"));
  }
  if (isLost(await track(session, analytics, request, true))) {
    return fail("lost when the caller hung up", lostOnAbort("hung up"));
  }
  const { rejections, tries, ms } = await refuseEvent(session, analytics, request);
  if (tries > mostTries) {
    const what = "analytics refuses an event";
    return fail(`sent ${tries} times when ${what}`, retriesWithoutEnd(what, tries, ms, 0));
  }
  const [rejection, ...others] = rejections;
  const outcome = await stopWithEvent(session, analytics, request);
  const failures = [
    ...(rejection === undefined ? [] : [unhandledRejection(session.file, [rejection, ...others])]),
    ...(outcome === "confirmed" ? [] : [lostAtShutdown()]),
  ];
  const seen = [
    "arrives when the caller has gone",
    rejection === undefined
      ? "one that is refused ends nothing"
      : "one that is refused would end the service",
    outcome === "confirmed" ? "arrives when the service stops" : "lost when the service stops",
  ].join(", ");
  return failures.length > 0 ? fail(seen, ...failures) : pass(seen);
}

/** Whether an event did not arrive, or was not taken. */
function isLost({ outcome }: Tracked): boolean {
  return outcome === "lost" || outcome === "missing";
}

function isJsonOf(text: string, expected: JsonValue): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), expected);
  } catch {
    return false;
  }
}
