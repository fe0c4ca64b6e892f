import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "A tracker hands each event to the service, which waits for it when it stops.",
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

class Tracker {
  track(event: string, userId: number): Promise<void> {
    return inBackground((signal) => post(event, userId, signal));
  }
}

const tracker = new Tracker();

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await tracker.track(event, userId);
  return { status: "accepted" };
};
