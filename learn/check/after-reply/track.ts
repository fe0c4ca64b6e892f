import type { JsonValue } from "@bufbuild/protobuf";
import type { Reply } from "../callers.ts";
import { callMs } from "../limits.ts";
import type { Session } from "../session.ts";
import { after } from "./after.ts";
import type { Analytics, Outcome } from "./analytics.ts";

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
