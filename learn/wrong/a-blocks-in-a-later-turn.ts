import { setImmediate } from "node:timers/promises";
import type { Decision, Handler } from "../handler.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "setImmediate hands the query to a thread of Node.",
};

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await setImmediate(undefined, { signal }).then(() =>
    findUserBlocking(userId),
  );
  return { userId, name, email };
};
