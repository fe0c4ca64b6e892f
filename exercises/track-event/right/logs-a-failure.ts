import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns the event; if analytics does not take it, the log says so.",
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

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground(async (signal) => {
    try {
      await post(event, userId, signal);
    } catch (error) {
      console.error(`The event ${event} was not taken`, error);
      throw error;
    }
  });
  return { status: "accepted" };
};
