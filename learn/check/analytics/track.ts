import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Problem } from "../../service/learner-module.ts";
import { callMs } from "../faults.ts";
import { asksTooOften, eventsMissing, eventsMixedUp } from "../mistakes/answers.ts";
import type { Reply, Session } from "../session.ts";
import type { Wrong } from "../steps/judge-replies.ts";
import { type Analytics, after, type Outcome } from "./analytics.ts";

/** How long analytics takes for an event, in milliseconds. */
const takesMs = 200;
/** A reply that is not there so long after the event waits for it, in milliseconds. */
const waitsMs = 2_000;
/** An event that is not there so long after the reply does not come, in milliseconds. */
const comesMs = 3_000;

/** One call, and what became of its event. */
export interface Tracked {
  readonly reply: Reply;
  readonly replyMs: number;
  /** Whether the reply was there before analytics had taken the event. */
  readonly repliedFirst: boolean;
  /** What was posted; undefined when nothing arrived. */
  readonly posted: string | undefined;
  readonly outcome: Outcome | "missing";
}

/**
 * Makes a call and watches its event. Analytics takes no event before the reply is there (or clearly
 * does not come), so that it is the order which tells what waited for what, however slow the machine.
 *
 * @param hangsUp whether the caller goes as soon as the event has arrived
 */
export async function track(
  { service, callers }: Session,
  analytics: Analytics,
  request: JsonValue,
  hangsUp: boolean,
): Promise<Tracked> {
  const caller = new AbortController();
  const beganMs = performance.now();
  const replied = service
    .within(
      callMs,
      `did not answer ${JSON.stringify(request)}`,
      callers.call(request, caller.signal),
    )
    .then((reply) => ({ reply, replyMs: performance.now() - beganMs }));
  const arrived = analytics.next(callMs + comesMs);
  if (hangsUp) {
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

/** Between two polls, in milliseconds. */
const pollMs = 20;
/** How often it is polled whether the failure has been noticed. */
const polls = 40;

/** What came of events that analytics refuses. */
export interface Refusal {
  /** What was rejected in the service, and nobody looked. */
  readonly rejections: readonly Problem[];
  /** How often the event was sent. */
  readonly tries: number;
  /** In which time, in milliseconds. */
  readonly ms: number;
}

/** Has analytics refuse an event, and again each time that it is sent. */
export async function refuseEvent(
  { service, callers }: Session,
  analytics: Analytics,
  request: JsonValue,
): Promise<Refusal> {
  let tries = 0;
  analytics.takeAll((event) => {
    tries++;
    event.refuse();
  });
  await service.begin();
  const beganMs = performance.now();
  await service.within(callMs, "did not answer", callers.call(request));
  for (let poll = 0; poll < polls; poll++) {
    await after(pollMs);
  }
  const { rejections } = await service.observe();
  const ms = Math.round(performance.now() - beganMs);
  // Who tries without end comes to one now.
  analytics.takeAll((event) => event.confirm());
  await analytics.rest();
  analytics.takeAll(undefined);
  return { rejections, tries, ms };
}

/** Analytics takes an event only so long after the service was asked to stop, in milliseconds. */
const takesAtStopMs = 2_000;
/** What the end of a process takes to arrive at those whom it was connected to, in milliseconds. */
const hangUpMs = 500;

/**
 * Asks the service to stop while an event is on its way. Analytics takes it when the service has waited
 * for long enough, or has ended: an event that the service owns is waited for, another one is lost.
 */
export async function stopWithEvent(
  { service, callers }: Session,
  analytics: Analytics,
  request: JsonValue,
): Promise<Outcome | "missing"> {
  await service.within(callMs, "did not answer", callers.call(request));
  const event = await analytics.next(takesAtStopMs);
  const stopped = service.stop();
  const ended = stopped.then(() => Promise.race([event?.outcome, after(hangUpMs)]));
  await Promise.race([ended, after(takesAtStopMs)]);
  event?.confirm();
  await stopped;
  return (await event?.outcome) ?? "missing";
}

/**
 * Did each event of calls at once arrive, and once?
 *
 * @param posted what arrived, as text
 */
export function judgeEvents(
  requests: readonly JsonValue[],
  posted: readonly string[],
): Wrong | undefined {
  const events = posted.map(parse);
  const timesOf = (request: JsonValue) =>
    events.filter((event) => isDeepStrictEqual(event, request)).length;
  const times = requests.map(timesOf);
  const missing = times.filter((one) => one === 0).length;
  const repeated = times.filter((one) => one > 1).length;
  const message = `${events.length} events arrived for ${requests.length} calls, ${missing} of theirs are missing`;
  if (missing > 0) {
    const others = events.length - times.filter((one) => one > 0).length;
    const diagnosis =
      others > 0
        ? eventsMixedUp(requests.length, missing)
        : eventsMissing(requests.length, missing);
    return { message, diagnosis };
  }
  return repeated > 0
    ? { message, diagnosis: asksTooOften("analytics service", events.length, requests.length) }
    : undefined;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
