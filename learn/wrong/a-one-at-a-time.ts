import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The driver blocks its thread. It has one connection, so the queries take turns.",
};

let last: Promise<unknown> = Promise.resolve();

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const query = last.then(() => threads.run(findUser, userId, signal));
  last = query.catch(() => {});
  const { name, email } = await query;
  return { userId, name, email };
};
