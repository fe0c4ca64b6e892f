import { Agent, request } from "node:http";
import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "node:http posts the event for the service, which waits for it when it stops.",
};

const agent = new Agent({ keepAlive: true });

function post(body: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    request(analyticsUrl(), {
      method: "POST",
      agent,
      signal,
      headers: { "content-type": "application/json" },
    })
      .on("response", ({ statusCode = 500 }) => {
        if (statusCode < 300) resolve();
        else reject(new Error(`status ${statusCode}`));
      })
      .on("error", reject)
      .end(body);
  });
}

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground((signal) => post(JSON.stringify({ event, user_id: userId }), signal));
  return { status: "accepted" };
};
