import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Each call has a pool of its own, so that no call waits for another.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const pool = new Piscina({ filename: import.meta.url, maxThreads: 1 });
  try {
    const { name, email } = await pool.run(userId, { name: "findUser", signal });
    return { userId, name, email };
  } finally {
    await pool.destroy();
  }
};
