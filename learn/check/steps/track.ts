import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Problem } from "../../service/learner-module.ts";
import { callMs } from "../faults.ts";
import {
  asksTooOften,
  eventsMissing,
  eventsMixedUp,
  replyWaitsForOthers,
} from "../mistakes/answers.ts";
import { fail, type Outcome } from "../result.ts";
import { type EventSession, makeCall, type Reply } from "../session.ts";
import { after, type EventOutcome } from "../world/analytics.ts";

/** Time that analytics takes for an event. */
const takesMs = 200;
/** A reply this long after the event waits for it. */
export const waitsMs = 2_000;
/** An event that has not arrived this long after the reply does not come. */
const comesMs = 3_000;
/** Time for which refused events are counted. */
const refusesMs = 800;
/** Analytics takes an event only this long after the service was asked to stop. */
const takesAtStopMs = 2_000;
/** Time in which those who were connected to a process notice its end. */
const hangUpMs = 500;

/** A call, and what became of its event. */
export interface Tracked {
  readonly reply: Reply;
  readonly replyMs: number;
  /** Whether the reply came before analytics had taken the event. */
  readonly repliedFirst: boolean;
  /** The event; undefined when none arrived. */
  readonly posted: string | undefined;
  readonly outcome: EventOutcome | "missing";
}

/**
 * Makes a call and watches its event. Analytics takes no event before the reply has come, or clearly does
 * not come: their order shows what waits for what, on slow machines as well.
 *
 * @param disconnects whether the caller disconnects as soon as the event has arrived
 */
export async function track(
  session: EventSession,
  request: JsonValue,
  disconnects: boolean,
): Promise<Tracked> {
  const { analytics } = session;
  const caller = new AbortController();
  const beganMs = performance.now();
  const replied = makeCall(session, request, caller.signal).then((reply) => ({
    reply,
    replyMs: performance.now() - beganMs,
  }));
  const arrived = analytics.next(callMs + comesMs);
  if (disconnects) {
    void arrived.then(() => caller.abort());
  }
  const waited = arrived.then(() => after(waitsMs)).then(() => "event" as const);
  const first = await Promise.race([replied.then(() => "reply" as const), waited]);
  const event = await Promise.race([arrived, after(comesMs)]);
  if (first === "reply" && event !== undefined) {
    await Promise.race([event.outcome, after(takesMs)]);
  }
  event?.confirm();
  return {
    ...(await replied),
    repliedFirst: first === "reply",
    posted: event?.body,
    outcome: (await event?.outcome) ?? "missing",
  };
}

/**
 * Makes calls one after another, while analytics takes no event before the last reply: an event that is on its
 * way must neither delay the replies to other calls nor replace their events. Decided by order and counts.
 *
 * @returns undefined when each call had its reply, and its event arrived
 */
export async function callBesideEvents(
  session: EventSession,
  requests: readonly JsonValue[],
): Promise<Outcome | undefined> {
  const { analytics } = session;
  const posted: string[] = [];
  const replied = Promise.withResolvers<void>();
  analytics.restartWindow();
  analytics.takeAll((event) => {
    posted.push(event.body);
    void replied.promise.then(() => event.confirm());
  });
  let late: Outcome | undefined;
  for (const request of requests) {
    const reply = makeCall(session, request);
    if ((await Promise.race([reply, after(waitsMs)])) === undefined) {
      late = fail("a reply waited for another call's event", replyWaitsForOthers());
      replied.resolve();
      await reply;
      break;
    }
  }
  replied.resolve();
  await analytics.untilReceived(requests.length);
  await analytics.untilQuiet();
  analytics.takeAll(undefined);
  return late ?? judgeEvents(requests, posted);
}

/** What happened when analytics refused an event. */
export interface Refusal {
  /** Unhandled rejections in the service. */
  readonly rejections: readonly Problem[];
  /** Number of times that the event was sent. */
  readonly tries: number;
  readonly ms: number;
}

/** Has analytics refuse an event, whenever it is sent. */
export async function refuseEvent(session: EventSession, request: JsonValue): Promise<Refusal> {
  const { service, analytics } = session;
  let tries = 0;
  analytics.takeAll((event) => {
    tries++;
    event.refuse();
  });
  await service.begin();
  const beganMs = performance.now();
  await makeCall(session, request);
  await after(refusesMs);
  const { rejections } = await service.observe();
  const ms = Math.round(performance.now() - beganMs);
  // A handler that retries forever succeeds now.
  analytics.takeAll((event) => event.confirm());
  await analytics.untilQuiet();
  analytics.takeAll(undefined);
  return { rejections, tries, ms };
}

/**
 * Asks the service to stop right after its reply. Analytics takes the event when the service has waited long
 * enough, or has ended: an event that the service owns arrives, another is lost.
 */
export async function stopWithEvent(
  session: EventSession,
  request: JsonValue,
): Promise<Tracked["outcome"]> {
  const { service, analytics } = session;
  await makeCall(session, request);
  const stopped = service.stop();
  const ended = stopped.then(() => after(hangUpMs));
  await Promise.race([ended, after(takesAtStopMs)]);
  const event = await analytics.next(hangUpMs);
  event?.confirm();
  await stopped;
  return (await event?.outcome) ?? "missing";
}

/**
 * Did the event of each call of a burst arrive, and once?
 *
 * @param posted bodies that arrived
 */
export function judgeEvents(
  requests: readonly JsonValue[],
  posted: readonly string[],
): Outcome | undefined {
  const events = posted.map(parse);
  const times = requests.map(
    (request) => events.filter((event) => isDeepStrictEqual(event, request)).length,
  );
  const missing = times.filter((one) => one === 0).length;
  const message = `${events.length} events arrived for ${requests.length} calls, ${missing} of theirs are missing`;
  if (missing > 0) {
    const others = events.length - times.filter((one) => one > 0).length;
    const lost = others > 0 ? eventsMixedUp : eventsMissing;
    return fail(message, lost(requests.length, missing));
  }
  return times.some((one) => one > 1)
    ? fail(message, asksTooOften("analytics service", events.length, requests.length))
    : undefined;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
