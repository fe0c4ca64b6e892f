import { setImmediate } from "node:timers/promises";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "setImmediate hands the query to a thread of Node.",
};

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await setImmediate(undefined, { signal }).then(() =>
    findUserBlocking(userId),
  );
  return { userId, name, email };
};
