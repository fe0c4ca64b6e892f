import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Each field is fetched in the pool, both at once.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const [{ name }, { email }] = await Promise.all([
    blockingPool.run(findUser, userId, signal),
    blockingPool.run(findUser, userId, signal),
  ]);
  return { userId, name, email };
};
