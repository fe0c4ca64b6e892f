/** A: the database of users, which has only a synchronous driver. */
import { findUserBlocking as queryUser, type User } from "@unblock/backends/database";
import { countQueries } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";

/** Queries take different times, so that they end in another order than they began in. */
const minMs = 34;
const steps = 5;
const stepMs = 4;

countQueries();

/** Finds a user, and blocks the calling thread for up to 50 ms. */
export function findUserBlocking(id: number): User {
  const takesMs = minMs + stepMs * ((id * 3) % steps);
  const user = queryUser(environment().addresses.database, id, takesMs);
  if (user === undefined) {
    throw new Error(`Expected a user with the id ${id}, found none`);
  }
  return user;
}
