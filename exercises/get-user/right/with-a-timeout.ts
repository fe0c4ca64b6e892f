import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "A pool of threads may block, and no caller waits for longer than five seconds.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const either = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
  const user = await blockingPool.run(findUser, userId, either);
  return { userId, name: user.name, email: user.email };
};
