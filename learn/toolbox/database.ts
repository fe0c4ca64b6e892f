/** A: the database of users. Its only driver is a synchronous one. */
import { findUserBlocking as queryUser, type User } from "../../server/backends/database.ts";
import { environment } from "../service/environment.ts";
import { holdThread } from "../service/usage.ts";

/** Finds a user, and keeps the calling thread meanwhile: 50 ms. */
export function findUserBlocking(id: number): User {
  const user = holdThread("waiting", () => queryUser(environment().addresses.database, id));
  if (user === undefined) {
    throw new Error(`Expected a user with the id ${id}, found none`);
  }
  return user;
}
