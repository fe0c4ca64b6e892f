import { setTimeout as sleep } from "node:timers/promises";
import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns the event, and sends it up to three times, later each time.",
};

async function post(event: string, userId: number, signal: AbortSignal): Promise<void> {
  const response = await fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
    signal,
  });
  await response.text();
  if (!response.ok) {
    throw new Error(`Analytics answered with HTTP status ${response.status}`);
  }
}

async function postPatiently(event: string, userId: number, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await post(event, userId, signal);
    } catch (error) {
      if (attempt === 3 || signal.aborted) {
        throw error;
      }
      await sleep(30 * 2 ** attempt, undefined, { signal });
    }
  }
}

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground((signal) => postPatiently(event, userId, signal));
  return { status: "accepted" };
};
