import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The query runs in the pool, and so does the audit, which nobody waits for.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const query = threads.run(findUser, userId, signal);
  const audited = query.then(({ id }) => console.error(`read user ${id}`));
  void audited;
  const { name, email } = await query;
  return { userId, name, email };
};
