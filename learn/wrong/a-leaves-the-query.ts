import { once } from "node:events";
import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The query runs in the pool, and whoever gives up is answered at once.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const gone = once(signal, "abort").then(() => signal.throwIfAborted());
  gone.catch(() => {});
  const user = await Promise.race([threads.run(findUser, userId), gone]);
  if (!user) {
    throw signal.reason;
  }
  return { userId, name: user.name, email: user.email };
};
