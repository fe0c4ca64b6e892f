import { DatabaseSync, type StatementSync } from "node:sqlite";
import { CallCounter } from "./call-counts.ts";

/** Location of the database. Plain data and shared memory, so that any thread can connect. */
export interface Database {
  readonly path: string;
  /** Memory of a {@link CallCounter}: the driver runs on the caller's thread, which counts. */
  readonly counts: SharedArrayBuffer;
}

export interface User {
  readonly id: number;
  readonly name: string;
  readonly email: string;
}

export const userCount = 100_000;
export const queryMs = 50;

// One connection per thread, as with any blocking driver.
let connection:
  | { readonly path: string; readonly database: DatabaseSync; readonly findUser: StatementSync }
  | undefined;

/**
 * Finds a user with a driver that blocks the calling thread.
 *
 * @param takesMs duration of the query, in milliseconds
 * @returns undefined when there is no such user
 */
export function findUserBlocking(
  database: Database,
  id: number,
  takesMs = queryMs,
): User | undefined {
  const counter = new CallCounter(database.counts);
  const { findUser } = connect(database.path);
  counter.begin();
  try {
    const row = findUser.get(takesMs, id);
    return row && typeof row.id === "number"
      ? { id: row.id, name: String(row.name), email: String(row.email) }
      : undefined;
  } finally {
    counter.end();
  }
}

function connect(path: string): { readonly findUser: StatementSync } {
  if (connection?.path !== path) {
    connection?.database.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const sleeper = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    database.function("take_ms", (ms) => {
      Atomics.wait(sleeper, 0, 0, Number(ms));
      return ms;
    });
    // The join makes the query take its time for a missing user too.
    const findUser = database.prepare(`
      SELECT id, name, email, took
      FROM (SELECT take_ms(?) AS took) LEFT JOIN users ON id = ?
    `);
    connection = { path, database, findUser };
  }
  return connection;
}

/**
 * Creates and fills the embedded database's table `users`.
 *
 * @param mark letters and digits appended to names and addresses. Default: none
 */
export function createDatabaseFile(path: string, mark = ""): void {
  const database = new DatabaseSync(path);
  // The file is recreated at each start and never written again, so it needs no journal.
  database.exec(`
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL);
    WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < ${userCount})
    INSERT INTO users
      SELECT id, 'User ' || id || '${mark}', 'user' || id || '${mark}@example.com' FROM ids;
  `);
  database.close();
}
