import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The driver blocks a thread of the pool; a query that fails is made once more.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

async function query(userId: number, signal: AbortSignal) {
  try {
    return await threads.run(findUser, userId, signal);
  } catch {
    signal.throwIfAborted();
    await sleep(50, undefined, { signal });
    return threads.run(findUser, userId, signal);
  }
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await query(userId, signal);
  return { userId, name, email };
};
