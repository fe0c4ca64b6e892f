import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The query goes to the pool, and the id is remembered meanwhile.",
};

let currentId = 0;

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  currentId = userId;
  const { name, email } = await blockingPool.run(findUser, currentId, signal);
  return { userId: currentId, name, email };
};
