import type { JsonValue } from "@bufbuild/protobuf";
import type { Problem } from "../../service/handler-calls.ts";
import { callMs } from "../limits.ts";
import type { Session } from "../session.ts";
import { after } from "./after.ts";
import type { Analytics } from "./analytics.ts";

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
