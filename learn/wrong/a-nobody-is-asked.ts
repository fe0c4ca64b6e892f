import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "Names follow from the id, so a thread of the pool makes them up.",
};

export async function makeUser(userId: number) {
  await sleep(50);
  return { name: `User ${userId}`, email: `user${userId}@example.com` };
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  return { userId, ...(await threads.run(makeUser, userId, signal)) };
};
