import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const retryMs = 10;
const maxWaitMs = 5_000;

/**
 * Runs `work` while no other process runs any for the same path.
 *
 * The lock is an exclusive transaction on an empty SQLite database beside the file: the operating
 * system releases it when its holder dies, so that no lock is ever left behind.
 *
 * @throws Error when another process holds the lock for 5 s
 */
export async function withLock<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  const database = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    for (let waitedMs = 0; !tryLock(database); waitedMs += retryMs) {
      if (waitedMs >= maxWaitMs) {
        throw new Error(
          `Expected ${path} to be free within ${maxWaitMs / 1_000} s, and another process writes it all the while. Stop that process, then try again`,
        );
      }
      await sleep(retryMs);
    }
    return await work();
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Error && error.message === "database is locked") {
      return false;
    }
    throw error;
  }
}
