import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "event-loop",
  why: "The function is async, so the query blocks nobody.",
};

export const handler: Handler<"getUser"> = async ({ userId }) => {
  const { name, email } = findUserBlocking(userId);
  return { userId, name, email };
};
