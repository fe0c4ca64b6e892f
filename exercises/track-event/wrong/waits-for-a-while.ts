import { setTimeout as sleep } from "node:timers/promises";
import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "background",
  why: "The event is sent, and the reply waits for it for three seconds at most.",
};

async function post(event: string, userId: number): Promise<void> {
  const response = await fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
  });
  await response.text();
  if (!response.ok) {
    throw new Error(`Analytics answered with HTTP status ${response.status}`);
  }
}

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  const sent = post(event, userId);
  sent.catch(() => {});
  await Promise.race([sent, sleep(3_000)]);
  return { status: "accepted" };
};
