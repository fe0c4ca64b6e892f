import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns each event; the one before has to be sent first, so that none overtakes another.",
};

let before: Promise<void> = Promise.resolve();

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  const earlier = before;
  const sent = Promise.withResolvers<void>();
  before = sent.promise;
  await inBackground(async (signal) => {
    try {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ event, user_id: userId });
      const response = await fetch(analyticsUrl(), { method: "POST", headers, body, signal });
      await response.text();
    } finally {
      sent.resolve();
    }
  });
  await earlier;
  return { status: "accepted" };
};
