import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "background",
  why: "The log has the event at once, and whoever needs it reads it there.",
};

export const handler: Handler<"trackEvent"> = ({ event, userId }) => {
  console.error(JSON.stringify({ event, user_id: userId }));
  return { status: "accepted" };
};
