import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver blocks, so it runs in the pool; no more than twelve queries go at once.",
};

let free = 12;
const waiting: (() => void)[] = [];

async function limited<Value>(work: () => Promise<Value>): Promise<Value> {
  if (free === 0) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    free--;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) {
      next();
    } else {
      free++;
    }
  }
}

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await limited(() => {
    signal.throwIfAborted();
    return blockingPool.run(findUser, userId, signal);
  });
  return { userId, name, email };
};
