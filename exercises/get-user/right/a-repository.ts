import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "A repository hides that the driver blocks: it asks in the pool for calls that wait.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

class Users {
  async byId(userId: number, signal: AbortSignal) {
    signal.throwIfAborted();
    return blockingPool.run(findUser, userId, signal);
  }
}

const users = new Users();

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const user = await users.byId(userId, signal);
  return { userId, name: user.name, email: user.email };
};
