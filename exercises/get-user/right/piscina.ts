import { isMainThread } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "blocking-pool",
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
