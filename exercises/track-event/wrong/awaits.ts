import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "await",
  why: "The await does not block, so nobody waits.",
};

export const handler: Handler<"trackEvent"> = async ({ event, userId }, signal) => {
  await fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
    signal,
  });
  return { status: "accepted" };
};
