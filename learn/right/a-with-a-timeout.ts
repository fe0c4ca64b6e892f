import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "A pool of threads may block, and no caller waits for longer than five seconds.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const either = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
  const user = await threads.run(findUser, userId, either);
  return { userId, name: user.name, email: user.email };
};
