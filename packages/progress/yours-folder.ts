import { existsSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

/** The project's folder. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** The learner's folder, ignored by git: answers, progress and key. */
export const yoursFolder: string = join(root, "learn/yours");

const lockPollMs = 10;
const maxLockWaitMs = 5_000;

/** Path relative to the project's folder, as people and their editors read it. */
export function shown(path: string): string {
  return relative(root, path);
}

/** Returns an unused path in the folder `aside` of the learner's folder; its name contains the time. */
export function asidePath(yours: string, name: string, now: Date): string {
  const folder = join(yours, "aside");
  mkdirSync(folder, { recursive: true });
  // The Swedish locale writes local time as ISO 8601 does. Some file systems allow no colons.
  const stamp = now.toLocaleString("sv").replace(" ", "T").replaceAll(":", "");
  const [, stem = name, ending = ""] = /^(.*)(\.\w+)$/.exec(name) ?? [];
  for (let version = 1; ; version++) {
    const path = join(folder, `${stem}.${stamp}${version === 1 ? "" : `-${version}`}${ending}`);
    if (!existsSync(path)) {
      return path;
    }
  }
}

/**
 * Applies to `theirs` what changed from `before` to `mine`; fields that did not change keep their value of
 * `theirs`. So two processes that change different fields both keep their change.
 */
export function merge<State extends object>(before: State, mine: State, theirs: State): State {
  const merged = Object.entries(mine).map(([name, value]: [string, unknown]) => {
    const [was, now]: unknown[] = [Reflect.get(before, name), Reflect.get(theirs, name)];
    if (isDeepStrictEqual(was, value)) {
      return [name, now];
    }
    const isMerged = isObject(was) && isObject(value) && isObject(now);
    return [name, isMerged ? merge(was, value, now) : value];
  });
  return { ...theirs, ...Object.fromEntries(merged) };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Does work on a file under a lock that other processes respect: an exclusive transaction on an empty SQLite
 * database beside it. The operating system releases it when its holder dies, so no stale lock is left behind.
 *
 * @throws Error when another process holds the lock for 5 s
 */
export async function withLock<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  const database = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    for (let waitedMs = 0; !tryLock(database); waitedMs += lockPollMs) {
      if (waitedMs >= maxLockWaitMs) {
        throw new Error(
          `Expected the lock of ${path} within ${maxLockWaitMs / 1_000} s, but another process holds it. Stop that process and try again`,
        );
      }
      await sleep(lockPollMs);
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
