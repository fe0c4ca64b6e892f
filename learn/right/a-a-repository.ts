import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "A repository hides that the driver blocks: it asks in the pool for calls that wait.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

class Users {
  async byId(userId: number, signal: AbortSignal) {
    signal.throwIfAborted();
    return threads.run(findUser, userId, signal);
  }
}

const users = new Users();

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const user = await users.byId(userId, signal);
  return { userId, name: user.name, email: user.email };
};
