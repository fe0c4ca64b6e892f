import { isMainThread } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Decision, Handler } from "../handler.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "Piscina keeps sixteen threads, and each may block for one query.",
};

const pool = isMainThread
  ? new Piscina({ filename: import.meta.url, name: "findUser", minThreads: 16, maxThreads: 16 })
  : undefined;

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const user = await pool?.run(userId, { signal });
  return { userId, name: user.name, email: user.email };
};
