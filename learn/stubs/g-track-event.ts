// G. A page sends an event, and you POST it to analytics as { event, user_id } in JSON, which takes
// 200 ms. The caller needs no part of that: it shall have its reply at once. The event shall arrive
// all the same, also when the caller hangs up or the service is asked to stop.
//
// At hand: analyticsUrl of ../toolbox/analytics.ts; fetch(); inBackground of ../pools.ts.
// Check it: npm run check -- G
import type { Decision, Handler } from "../handler.ts";
import { analyticsUrl } from "../toolbox/analytics.ts";

/** One of: await, background. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
  });
  return { status: "accepted" };
};
