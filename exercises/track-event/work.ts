import { postJson } from "@unblock/backends/http";
import type { LocalContext } from "@unblock/executors/executor";

export interface EventInput {
  readonly analyticsUrl: string;
  readonly event: string;
  readonly userId: number;
}

/** Resolves when analytics has responded with a status of 200 to 299. */
export async function sendEvent(
  { analyticsUrl, event, userId }: EventInput,
  { signal }: LocalContext,
): Promise<void> {
  await postJson({ backend: "analytics", url: analyticsUrl }, { event, user_id: userId }, signal);
}
