import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The query runs in the pool, and the loop looks all the time whether it is done.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

const done = new Map<number, ReturnType<typeof findUser>>();

setInterval(() => {
  const untilMs = performance.now() + 8;
  while (performance.now() < untilMs) {
    done.delete(-1);
  }
}, 10);

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await threads.run(findUser, userId, signal);
  return { userId, name, email };
};
