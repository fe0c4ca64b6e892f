import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "background",
  why: "Without an await the event goes on its way after the reply.",
};

export const handler: Handler<"trackEvent"> = ({ event, userId }) => {
  fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
  }).catch((error) => console.error(`The event is lost: ${error}`));
  return { status: "accepted" };
};
