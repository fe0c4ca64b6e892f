import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "Twice a second all events that have come are handed to the service, which owns them.",
};

const batch: { readonly event: string; readonly user_id: number }[] = [];

function send(body: object): Promise<void> {
  return inBackground(async (signal) => {
    const headers = { "content-type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify(body), signal };
    const response = await fetch(analyticsUrl(), options);
    await response.text();
    if (!response.ok) {
      throw new Error(`Analytics answered with HTTP status ${response.status}`);
    }
  });
}

setInterval(() => {
  for (const event of batch.splice(0)) {
    send(event).catch((error) => console.error(error));
  }
}, 500).unref();

export const handler: Handler<"trackEvent"> = ({ event, userId }) => {
  batch.push({ event, user_id: userId });
  return { status: "accepted" };
};
