import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "background",
  why: "Events are gathered, and leave together a moment later.",
};

async function post(event: string, userId: number): Promise<void> {
  const response = await fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
  });
  await response.text();
  if (!response.ok) {
    throw new Error(`Analytics answered with HTTP status ${response.status}`);
  }
}

const events: { event: string; userId: number }[] = [];

setInterval(async () => {
  for (const { event, userId } of events.splice(0)) {
    await post(event, userId).catch((error) => console.error(error));
  }
}, 100);

export const handler: Handler<"trackEvent"> = ({ event, userId }) => {
  events.push({ event, userId });
  return { status: "accepted" };
};
