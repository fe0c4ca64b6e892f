import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns the event, and posts it as forms do.",
};

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground(async (signal) => {
    const body = new URLSearchParams({ event, user_id: String(userId) });
    const response = await fetch(analyticsUrl(), { method: "POST", body, signal });
    await response.text();
  });
  return { status: "accepted" };
};
