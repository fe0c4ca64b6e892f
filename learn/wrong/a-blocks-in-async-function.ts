import type { Decision, Handler } from "../handler.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "event-loop",
  why: "The function is async, so the query blocks nobody.",
};

export const handler: Handler<"getUser"> = async ({ userId }) => {
  const { name, email } = findUserBlocking(userId);
  return { userId, name, email };
};
