import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";
import { Agent as UndiciAgent, request as undiciRequest } from "undici";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns the event, and an agent of its own sends it.",
};

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground(async (signal) => {
    const dispatcher = new UndiciAgent();
    const { body } = await undiciRequest(analyticsUrl(), {
      dispatcher,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ event, user_id: userId }),
      signal,
    });
    await body.dump();
    await dispatcher.destroy();
  });
  return { status: "accepted" };
};
