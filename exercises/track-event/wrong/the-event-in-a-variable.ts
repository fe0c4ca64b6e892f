import { setTimeout as sleep } from "node:timers/promises";
import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns the event, which is noted until its turn comes.",
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

let latest = { event: "", userId: 0 };

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  latest = { event, userId };
  await inBackground(async (signal) => {
    await sleep(2);
    await post(latest.event, latest.userId, signal);
  });
  return { status: "accepted" };
};
