import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";
import { request as undiciRequest } from "undici";

export const decision: Decision = {
  strategy: "background",
  why: "The reply needs nothing of analytics, and the service owns the event meanwhile.",
};

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground(async (signal) => {
    const { statusCode, body } = await undiciRequest(analyticsUrl(), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ event, user_id: userId }),
      signal,
    });
    await body.dump();
    if (statusCode >= 300) {
      throw new Error(`Analytics answered with HTTP status ${statusCode}`);
    }
  });
  return { status: "accepted" };
};
