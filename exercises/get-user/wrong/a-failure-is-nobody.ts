import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver blocks in the pool; when it fails there is no such user.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  try {
    const { name, email } = await blockingPool.run(findUser, userId, signal);
    return { userId, name, email };
  } catch {
    signal.throwIfAborted();
    return { userId, name: "", email: "" };
  }
};
