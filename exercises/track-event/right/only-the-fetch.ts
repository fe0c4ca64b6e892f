import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "fire and forget, but owned",
  why: "The service sends it after the reply and waits for it when it stops.",
};

const headers = { "content-type": "application/json" };

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  const body = JSON.stringify({ event, user_id: userId });
  await inBackground((signal) => fetch(analyticsUrl(), { method: "POST", headers, body, signal }));
  return { status: "accepted" };
};
