import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The query runs in the pool, and the loop looks all the time whether it is done.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

const done = new Map<number, ReturnType<typeof findUser>>();

setInterval(() => {
  const untilMs = performance.now() + 8;
  while (performance.now() < untilMs) {
    done.delete(-1);
  }
}, 10);

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await blockingPool.run(findUser, userId, signal);
  return { userId, name, email };
};
