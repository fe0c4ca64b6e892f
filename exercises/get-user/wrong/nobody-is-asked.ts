import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Names follow from the id, so a thread of the pool makes them up.",
};

export async function makeUser(userId: number) {
  await sleep(50);
  return { name: `User ${userId}`, email: `user${userId}@example.com` };
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  return { userId, ...(await blockingPool.run(makeUser, userId, signal)) };
};
