import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The query runs in the pool, and so does the audit, which nobody waits for.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const query = blockingPool.run(findUser, userId, signal);
  const audited = query.then(({ id }) => console.error(`read user ${id}`));
  void audited;
  const { name, email } = await query;
  return { userId, name, email };
};
