import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

/** The project's folder. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** The learner's folder, ignored by git: answers, progress and key. */
export const yoursFolder: string = join(root, "learn/yours");

/** State read from its file. */
export interface Loaded<State> {
  readonly state: State;
  /** Message for the learner when the file was damaged. */
  readonly notice: string | undefined;
}

/** Kind of state that a file holds. */
export interface StateKind<State> {
  /** State while there is no file. */
  readonly fresh: State;
  /** @throws Error when `json` is not such a state */
  parse(json: unknown): State;
}

/** Larger files are not ours. */
const maxBytes = 4_000_000;
const lockPollMs = 10;
const maxLockWaitMs = 5_000;

/** Path relative to the project's folder, as people and their editors read it. */
export function shown(path: string): string {
  return relative(root, path);
}

/**
 * Returns an unused path in the folder `aside` of the learner's folder; its name contains the time.
 */
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

/** Reads a state. A damaged file is moved aside and reported, and the state is a fresh one. */
export function loadState<State>(path: string, kind: StateKind<State>): Loaded<State> {
  return existsSync(path)
    ? parseState(path, readFileSync(path), kind)
    : { state: kind.fresh, notice: undefined };
}

/** Does what {@link loadState} does without blocking the thread. */
export async function readState<State>(
  path: string,
  kind: StateKind<State>,
): Promise<Loaded<State>> {
  try {
    return parseState(path, await readFile(path), kind);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { state: kind.fresh, notice: undefined };
    }
    throw error;
  }
}

/**
 * Reads a state, applies `change` and replaces the file, under a lock that other processes respect.
 * Readers see the old state or the new one, also after a crash.
 *
 * @throws Error when another process holds the lock for 5 s
 */
export async function changeState<State>(
  path: string,
  kind: StateKind<State>,
  change: (state: State) => State,
): Promise<Loaded<State>> {
  await mkdir(dirname(path), { recursive: true });
  return withLock(path, async () => {
    const { state, notice } = await readState(path, kind);
    const changed = change(state);
    if (changed !== state) {
      const draft = `${path}.draft`;
      await writeFile(draft, `${JSON.stringify(changed, undefined, 2)}\n`);
      await rename(draft, path);
    }
    return { state: changed, notice };
  });
}

/**
 * Applies to `theirs` what changed from `before` to `mine`; fields that did not change keep their
 * value of `theirs`. So two processes that change different fields both keep their change.
 */
export function merge<State extends object>(before: State, mine: State, theirs: State): State {
  const changed = Object.entries(mine).map(([name, value]: [string, unknown]) => [
    name,
    mergeValue(Reflect.get(before, name), value, Reflect.get(theirs, name)),
  ]);
  return { ...theirs, ...Object.fromEntries(changed) };
}

function mergeValue(before: unknown, mine: unknown, theirs: unknown): unknown {
  if (isDeepStrictEqual(before, mine)) {
    return theirs;
  }
  return isObject(before) && isObject(mine) && isObject(theirs)
    ? merge(before, mine, theirs)
    : mine;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseState<State>(
  path: string,
  bytes: Buffer,
  { parse, fresh }: StateKind<State>,
): Loaded<State> {
  try {
    if (bytes.length > maxBytes) {
      throw new Error(`expected at most ${maxBytes} bytes, got ${bytes.length}`);
    }
    return { state: parse(JSON.parse(bytes.toString("utf8"))), notice: undefined };
  } catch (error) {
    const aside = asidePath(dirname(path), basename(path), new Date());
    renameSync(path, aside);
    const problem = error instanceof Error ? error.message : String(error);
    const notice = `${shown(path)} was damaged (${problem}). It was moved to ${shown(aside)}; your progress starts over.`;
    return { state: fresh, notice };
  }
}

/**
 * The lock is an exclusive transaction on an empty SQLite database beside the file. The operating
 * system releases it when its holder dies, so no stale lock is left behind.
 */
async function withLock<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
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
