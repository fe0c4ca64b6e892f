import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "A user is asked for once, in the pool; afterwards it is at hand.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

const users = new Map<number, ReturnType<typeof findUser>>();

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const user = users.get(userId) ?? (await blockingPool.run(findUser, userId, signal));
  users.set(userId, user);
  return { userId, name: user.name, email: user.email };
};
