import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The query goes to the pool, and the id is remembered meanwhile.",
};

let currentId = 0;

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  currentId = userId;
  const { name, email } = await threads.run(findUser, currentId, signal);
  return { userId: currentId, name, email };
};
