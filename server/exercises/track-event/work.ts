import { callHttp } from "../../backends/http.ts";
import type { LocalContext } from "../../places/place.ts";

export interface EventInput {
  readonly analyticsUrl: string;
  readonly event: string;
  readonly userId: number;
}

/** Resolves when analytics has the event. */
export async function sendEvent(
  { analyticsUrl, event, userId }: EventInput,
  { signal }: LocalContext,
): Promise<void> {
  const body = { event, user_id: userId };
  await callHttp({ backend: "analytics", url: analyticsUrl, body }, signal);
}
