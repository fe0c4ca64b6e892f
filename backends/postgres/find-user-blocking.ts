import { Failure } from "@unblock/errors/failure";
import { CallCounter } from "../call-counts.ts";
import type { User } from "../database.ts";
import type { PostgresAddress } from "./address.ts";
import { LibpqConnection, type QueryLimits } from "./libpq-connection.ts";
import { failureOf, findUserStatement, toUser } from "./query.ts";

// One connection per thread, as with any blocking driver.
let current: { readonly name: string; readonly connection: LibpqConnection } | undefined;

/**
 * Finds a user with libpq, which blocks the calling thread. Postgres ends the query at the
 * deadline, or when the task is cancelled.
 *
 * @returns undefined when there is no such user
 */
export function findUserBlocking(
  address: PostgresAddress,
  id: number,
  limits: QueryLimits,
): User | undefined {
  // A connection may have been lost before its use; a query that only reads may be repeated.
  let mayRepeat = current?.name === address.name;
  for (;;) {
    try {
      return queryOnce(address, id, limits);
    } catch (error) {
      const isLost = current === undefined && !(error instanceof Failure);
      if (!mayRepeat || !isLost || limits.stopped()) {
        throw failureOf(error, address.url);
      }
      mayRepeat = false;
    }
  }
}

/** Closes this thread's connection to the address, if it has one. */
export function disconnectBlocking({ name }: PostgresAddress): void {
  if (current?.name === name) {
    disconnect();
  }
}

function queryOnce(address: PostgresAddress, id: number, limits: QueryLimits): User | undefined {
  if (current?.name !== address.name) {
    disconnect();
    current = { name: address.name, connection: new LibpqConnection(address) };
  }
  const { connection } = current;
  const counter = new CallCounter(address.counts);
  counter.begin();
  try {
    const [userId, name, email] = connection.query(findUserStatement, [String(id)], limits);
    return toUser(userId, name, email);
  } finally {
    counter.end();
    if (connection.isBroken) {
      disconnect();
    }
  }
}

function disconnect(): void {
  current?.connection.close();
  current = undefined;
}
