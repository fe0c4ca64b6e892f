import { DatabaseSync } from "node:sqlite";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver blocks, so each thread of the pool has a connection of its own.",
};

let database: DatabaseSync | undefined;

function connection(): DatabaseSync {
  const { databasePath } = JSON.parse(process.env.UNBLOCK_LEARN_ENVIRONMENT ?? "{}");
  database ??= new DatabaseSync(databasePath, { readOnly: true });
  return database;
}

export function findUser(userId: number) {
  const user = connection().prepare("SELECT name, email FROM users WHERE id = ?").get(userId);
  if (user === undefined) {
    throw new Error(`There is no user ${userId}`);
  }
  return { name: String(user.name), email: String(user.email) };
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await blockingPool.run(findUser, userId, signal);
  return { userId, name, email };
};
