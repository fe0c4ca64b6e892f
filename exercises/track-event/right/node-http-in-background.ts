import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "node:http sends the event after the reply, and the service waits for it at its end.",
};

const agent = new HttpAgent({ keepAlive: true });

function post(body: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = httpRequest(analyticsUrl(), {
    agent,
    method: "POST",
    headers: { "content-type": "application/json" },
    signal,
  });
  request.on("error", reject);
  request.on("response", (response) => {
    response.resume().on("end", resolve).on("error", reject);
  });
  request.end(body);
  return promise;
}

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  const body = JSON.stringify({ event, user_id: userId });
  await inBackground((signal) => post(body, signal));
  return { status: "accepted" };
};
