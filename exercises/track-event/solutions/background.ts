import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The reply needs nothing from analytics, and the service owns the event until it is there.",
};

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  // Not with the call's signal, as the event outlives the call.
  await inBackground(async function sendEvent(signal) {
    const response = await fetch(analyticsUrl(), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ event, user_id: userId }),
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) {
      throw new Error(`Expected analytics to take the event, got HTTP status ${response.status}`);
    }
  });
  return { status: "accepted" };
};
