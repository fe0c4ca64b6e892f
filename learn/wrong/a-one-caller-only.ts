import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
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
    const { name, email } = await threads.run(findUser, userId, signal);
    return { userId, name, email };
  } finally {
    isBusy = false;
  }
};
