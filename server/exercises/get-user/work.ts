import { type Database, findUserBlocking, type User } from "../../backends/database.ts";
import { Failure } from "../../errors.ts";

/** Blocks the thread that runs it, as its driver does. */
export function queryUser({ database, id }: { database: Database; id: number }): User {
  const user = findUserBlocking(database, id);
  if (!user) {
    throw new Failure("not-found", `There is no user ${id}.`);
  }
  return user;
}
