import { once } from "node:events";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The query runs in the pool, and whoever gives up is answered at once.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const gone = once(signal, "abort").then(() => signal.throwIfAborted());
  gone.catch(() => {});
  const user = await Promise.race([blockingPool.run(findUser, userId), gone]);
  if (!user) {
    throw signal.reason;
  }
  return { userId, name: user.name, email: user.email };
};
