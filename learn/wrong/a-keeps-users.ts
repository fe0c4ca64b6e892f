import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "A user is asked for once, in the pool; afterwards it is at hand.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

const users = new Map<number, ReturnType<typeof findUser>>();

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const user = users.get(userId) ?? (await threads.run(findUser, userId, signal));
  users.set(userId, user);
  return { userId, name: user.name, email: user.email };
};
