import { setTimeout as sleep } from "node:timers/promises";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver blocks a thread of the pool; a query that fails is made once more.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

async function query(userId: number, signal: AbortSignal) {
  try {
    return await blockingPool.run(findUser, userId, signal);
  } catch {
    signal.throwIfAborted();
    await sleep(50, undefined, { signal });
    return blockingPool.run(findUser, userId, signal);
  }
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await query(userId, signal);
  return { userId, name, email };
};
