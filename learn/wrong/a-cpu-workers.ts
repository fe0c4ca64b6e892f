import type { Decision, Handler } from "../handler.ts";
import { workers } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The driver blocks its thread, so the query goes to a worker thread.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await workers.run(findUser, userId, signal);
  return { userId, name, email };
};
