import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "Each field is fetched in the pool, both at once.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const [{ name }, { email }] = await Promise.all([
    threads.run(findUser, userId, signal),
    threads.run(findUser, userId, signal),
  ]);
  return { userId, name, email };
};
