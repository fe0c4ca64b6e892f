import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Analytics } from "../after-reply/analytics.ts";
import { refuseEvent } from "../after-reply/failure.ts";
import { stopWithEvent } from "../after-reply/shutdown.ts";
import { type Tracked, track } from "../after-reply/track.ts";
import { lostAtShutdown, lostOnAbort, replyWaits, wrongEvent } from "../mistakes/after-reply.ts";
import { asksTooOften, retriesWithoutEnd } from "../mistakes/answers.ts";
import { unhandledRejection } from "../mistakes/unhandled-rejection.ts";
import { describeFailure, noAnswer, wrongAnswer } from "../mistakes/wrong-answer.ts";
import { decidedOtherwise } from "../mistakes/wrong-place.ts";
import { round } from "../numbers.ts";
import type { Session } from "../session.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

const requests = [
  { event: "page_view", user_id: 123 },
  { event: 'a "quoted" näme', user_id: 7 },
] as const;
/** An event that is refused may be sent again; more than so often in less than a second is a storm. */
const mostTries = 12;
const accepted = { status: "accepted" };

/** Is the reply right, and what arrives at analytics? */
export async function checkEvent(
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
export function checkReplyFirst(tracked: readonly Tracked[], decided: readonly string[]): Outcome {
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
export async function checkAfterReply(
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
export function isLost({ outcome }: Tracked): boolean {
  return outcome === "lost" || outcome === "missing";
}

function isJsonOf(text: string, expected: JsonValue): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), expected);
  } catch {
    return false;
  }
}
