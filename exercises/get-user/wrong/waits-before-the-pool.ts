import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The query runs in the pool, a moment after the call, so that the pool is not flooded.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

const never = new Int32Array(new SharedArrayBuffer(4));

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  Atomics.wait(never, 0, 0, 40);
  const { name, email } = await blockingPool.run(findUser, userId, signal);
  return { userId, name, email };
};
