import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The caller needs nothing from analytics, so the service sends the event later.",
};

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground((signal) =>
    fetch(analyticsUrl(), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ event, userId }),
      signal,
    }),
  );
  return { status: "accepted" };
};
