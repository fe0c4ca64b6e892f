import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns the event, and a caller who hangs up can still take it back.",
};

export const handler: Handler<"trackEvent"> = async ({ event, userId }, signal) => {
  await inBackground(() =>
    fetch(analyticsUrl(), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ event, user_id: userId }),
      signal,
    }),
  );
  return { status: "accepted" };
};
