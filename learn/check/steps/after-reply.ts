import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import { callMs } from "../faults.ts";
import { asksTooOften, judgeRejections, retriesWithoutEnd } from "../mistakes/answers.ts";
import { fail, type Outcome, pass } from "../result.ts";
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
/** Calls that are made while no event is taken. */
const oneAfterAnother = Array.from({ length: 10 }, (_, at) => ({
  event: "click",
  user_id: at + 1,
}));
/** Attempts to send a refused event that count as retries; more in less than a second are a storm. */
const maxTries = 12;
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
  const waited = arrived.then(() => after(waitsMs));
  const repliedFirst = await Promise.race([replied.then(() => true), waited.then(() => false)]);
  const event = await Promise.race([arrived, after(comesMs)]);
  if (repliedFirst && event !== undefined) {
    await Promise.race([event.outcome, after(takesMs)]);
  }
  event?.confirm();
  return {
    ...(await replied),
    repliedFirst,
    posted: event?.body,
    outcome: (await event?.outcome) ?? "missing",
  };
}

/** Whether the event of a call did not arrive, or its sender disconnected before it was taken. */
export function isLost({ outcome }: Tracked): boolean {
  return outcome === "lost" || outcome === "missing";
}

/**
 * Does the event arrive when the caller disconnects, after analytics refused one, and at shutdown, and do
 * other calls have their replies and events meanwhile?
 *
 * @param tracked calls so far
 */
export async function checkAfterReply(
  session: EventSession,
  request: JsonValue,
  tracked: readonly Tracked[],
): Promise<Outcome> {
  if (tracked.some(isLost)) {
    return lostWhenCaller("had its reply");
  }
  if (isLost(await track(session, request, true))) {
    return lostWhenCaller("disconnected");
  }
  const wrong = await callBesideEvents(session, oneAfterAnother);
  if (wrong !== undefined) {
    return wrong;
  }
  const refusal = await refuseEvent(session, request);
  const { tries, ms } = refusal;
  if (tries > maxTries) {
    const what = "analytics refuses an event";
    return fail(`sent ${tries} times when ${what}`, retriesWithoutEnd(what, tries, ms, 0));
  }
  const rejected = judgeRejections(session.file, refusal);
  const isConfirmed = (await stopWithEvent(session, request)) === "confirmed";
  const failures = [...(rejected?.diagnoses ?? []), ...(isConfirmed ? [] : [lostAtShutdown])];
  const seen = [
    "arrives when the caller has disconnected",
    `one that is refused ${rejected === undefined ? "ends nothing" : "would end the service"}`,
    `${isConfirmed ? "arrives" : "lost"} when the service stops`,
  ].join(", ");
  return failures.length > 0 ? fail(seen, ...failures) : pass(seen);
}

const lostAtShutdown: Diagnosis = {
  name: "lost-at-shutdown",
  finding:
    "The service was asked to stop (SIGTERM) right after it had accepted an event, and ended before analytics had taken it: the event is lost.",
  nextStep: "Give the event to an owner that the service waits for when it stops: inBackground.",
  numbers: { events_lost: 1 },
};

/** @param when what the caller did, such as "had its reply" */
function lostWhenCaller(when: string): Outcome {
  return fail(`lost when the caller ${when}`, {
    name: "lost-on-abort",
    finding: `The caller ${when}, and the event was lost before analytics could take it: the call's signal aborts then, even after a success.`,
    nextStep:
      "Do not pass the call's signal to work that outlives the call; use the signal of the work's owner.",
    numbers: { events_lost: 1 },
  });
}

/**
 * Makes calls one after another, while analytics takes no event before the last reply: an event that is on its
 * way must neither delay the replies to other calls nor replace their events. Decided by order and counts.
 *
 * @returns undefined when each call had its reply, and its event arrived
 */
async function callBesideEvents(
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
      late = fail("a reply waited for another call's event", {
        name: "reply-waits-for-work",
        finding:
          "While analytics had not taken the event of one call, the next call had no reply: with slow analytics each caller waits for all before it.",
        nextStep: "Let events wait for each other where you send them, and reply without waiting.",
        numbers: {},
      });
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

/** Has analytics refuse an event, whenever it is sent. @returns how often it was sent, and unhandled rejections */
async function refuseEvent(session: EventSession, request: JsonValue) {
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
async function stopWithEvent(
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
    const numbers = { missing, calls: requests.length };
    return others > 0
      ? fail(message, {
          name: "mixed-up-calls",
          finding: `Of ${requests.length} calls at once ${missing} had their events replaced by those of other calls: what they share had changed before it was sent.`,
          nextStep:
            "Keep a call's data in variables of its handler, and pass it to what runs later; a module's variable belongs to the latest call.",
          numbers,
        })
      : fail(message, {
          name: "fails-beside-others",
          finding: `A single call has its event sent; of ${requests.length} at once ${missing} had not, though each was answered "accepted".`,
          nextStep:
            "Look for what calls share: a flag, a limit that drops events, one request at a time; let events wait their turn, or answer that they are not accepted.",
          numbers,
        });
  }
  return times.some((one) => one > 1)
    ? fail(message, asksTooOften("analytics service", events.length, requests.length))
    : undefined;
}

/** Returns the text itself when it is no JSON. */
export function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
