import { DatabaseSync } from "node:sqlite";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "A connection of my own in each thread, and a second query to be sure that the user exists.",
};

let database: DatabaseSync | undefined;

function connection(): DatabaseSync {
  const { databasePath } = JSON.parse(process.env.UNBLOCK_LEARN_ENVIRONMENT ?? "{}");
  database ??= new DatabaseSync(databasePath, { readOnly: true });
  return database;
}

export function findUser(userId: number) {
  const count = connection().prepare("SELECT count(*) AS users FROM users WHERE id = ?");
  if (count.get(userId)?.users !== 1) {
    throw new Error(`There is no user ${userId}`);
  }
  const user = connection().prepare("SELECT name, email FROM users WHERE id = ?").get(userId);
  return { name: String(user?.name), email: String(user?.email) };
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await blockingPool.run(findUser, userId, signal);
  return { userId, name, email };
};
