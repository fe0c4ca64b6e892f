import type { JsonValue } from "@bufbuild/protobuf";
import { callMs } from "../limits.ts";
import type { Session } from "../session.ts";
import { after } from "./after.ts";
import type { Analytics, Outcome } from "./analytics.ts";

/** Analytics takes an event only so long after the service was asked to stop, in milliseconds. */
const takesMs = 2_000;
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
  const event = await analytics.next(takesMs);
  const stopped = service.stop();
  const ended = stopped.then(() => Promise.race([event?.outcome, after(hangUpMs)]));
  await Promise.race([ended, after(takesMs)]);
  event?.confirm();
  await stopped;
  return (await event?.outcome) ?? "missing";
}
