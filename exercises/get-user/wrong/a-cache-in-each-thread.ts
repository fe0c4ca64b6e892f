import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "A thread of the pool asks the database, and remembers whom it knows already.",
};

const known = new Map<number, { name: string; email: string }>();

export function findUser(id: number) {
  let user = known.get(id);
  if (!user) {
    const { name, email } = findUserBlocking(id);
    user = { name, email };
    known.set(id, user);
  }
  return user;
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await blockingPool.run(findUser, userId, signal);
  return { userId, name, email };
};
