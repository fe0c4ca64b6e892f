import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver is not safe for two at once, so a second caller is told to come back.",
};

export function findUser(userId: number) {
  return findUserBlocking(userId);
}

let isBusy = false;

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  if (isBusy) {
    throw new Error("The database is busy, try again");
  }
  isBusy = true;
  try {
    const { name, email } = await blockingPool.run(findUser, userId, signal);
    return { userId, name, email };
  } finally {
    isBusy = false;
  }
};
