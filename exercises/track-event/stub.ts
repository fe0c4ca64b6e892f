// G. A page sends an event, and you POST it to analytics as { event, user_id } in JSON, which takes
// 200 ms. The caller needs no part of that and should get its reply at once. The event should arrive
// all the same: also when the caller disconnects, and when the service is asked to stop.
//
// At hand: analyticsUrl of toolbox/analytics; fetch(); inBackground of toolbox/pools.
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- G

import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

/** One of: await, background. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"trackEvent"> = async ({ event, userId }, signal) => {
  await fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
  });
  return { status: "accepted" };
};
