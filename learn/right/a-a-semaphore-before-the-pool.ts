import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
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
    return threads.run(findUser, userId, signal);
  });
  return { userId, name, email };
};
