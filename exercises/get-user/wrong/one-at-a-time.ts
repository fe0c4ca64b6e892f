import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver blocks its thread. It has one connection, so the queries take turns.",
};

let last: Promise<unknown> = Promise.resolve();

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const query = last.then(() => blockingPool.run(findUser, userId, signal));
  last = query.catch(() => {});
  const { name, email } = await query;
  return { userId, name, email };
};
