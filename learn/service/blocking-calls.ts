import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { threadId } from "node:worker_threads";
import { queryMs } from "@unblock/backends/database";
import { monotonicMs } from "@unblock/measure/clock";
import { environment, knownEnvironment } from "./environment.ts";

/** How a call blocks its thread; a query also waits. */
export type Holding = "waiting" | "computing" | "query";

// Before the learner's code could replace them.
const { openSync, writeSync } = fs;
let file: number | undefined;

/**
 * Does work that blocks the calling thread, and notes its beginning and end in a file that the check
 * reads, in any thread or process, and also when the work never ends.
 */
export function holdThread<Result>(holding: Holding, work: () => Result): Result {
  note("begin", holding);
  try {
    return work();
  } finally {
    note("end", holding);
  }
}

function note(what: "begin" | "end", holding: Holding): void {
  append(`${what} ${holding} ${process.pid} ${threadId} ${monotonicMs()}`);
}

/** Notes that the learner's code reaches into the check. @param text goes on after the file's name */
export function noteTampering(text: string, line: number | null): void {
  append(`tampering ${line} ${text}`);
}

function append(line: string): void {
  // Lines that are appended in one write are never mixed.
  file ??= openSync(environment().holdingsPath, "a");
  writeSync(file, `${line}\n`);
}

const runs = ["get", "all", "run", "iterate"] as const;
const sleeper = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

let countsReads = false;
let countsQueries = false;

/**
 * Notes synchronous reads of the slow disk in this thread. The toolbox has no function for them:
 * Node's own functions read the disk's files.
 */
export function countSyncReads(): void {
  if (countsReads) {
    return;
  }
  countsReads = true;
  const { openSync, readFileSync } = fs;
  // The names are for those who read stacks.
  fs.readFileSync = new Proxy(readFileSync, {
    apply: function readFileSync(read, self, args: unknown[]) {
      return readOfDisk(args[0], () => Reflect.apply(read, self, args));
    },
  });
  fs.openSync = new Proxy(openSync, {
    apply: function openSync(open, self, args: unknown[]) {
      return readOfDisk(args[0], () => Reflect.apply(open, self, args));
    },
  });
  // Named imports of node:fs follow only now.
  syncBuiltinESMExports();
}

function readOfDisk<Result>(path: unknown, work: () => Result): Result {
  const isOnSlowDisk =
    typeof path === "string" && path.startsWith(environment().addresses.disk.folder);
  return isOnSlowDisk ? holdThread("waiting", work) : work();
}

/**
 * Notes the queries of the users' database in this thread where SQLite runs them, so that it does not
 * matter whether the toolbox or the learner's own connection made them. Each takes its time: a statement
 * that does not wait by itself, as the toolbox's does, waits here.
 */
export function countQueries(): void {
  if (countsQueries) {
    return;
  }
  countsQueries = true;
  const counted = new WeakSet<object>();
  const { prepare, createTagStore } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = new Proxy(prepare, {
    apply: (make, self: DatabaseSync, args: Parameters<typeof prepare>) => {
      const statement = Reflect.apply(make, self, args);
      if (isOfUsers(self)) {
        counted.add(statement);
      }
      return statement;
    },
  });
  DatabaseSync.prototype.createTagStore = new Proxy(createTagStore, {
    apply: (make, self: DatabaseSync, args: Parameters<typeof createTagStore>) => {
      const store = Reflect.apply(make, self, args);
      if (isOfUsers(self)) {
        replaceRuns(store, (run, args) => query(false, () => Reflect.apply(run, store, args)));
      }
      return store;
    },
  });
  replaceRuns(StatementSync.prototype, (run, args, statement) => {
    const work = () => Reflect.apply(run, statement, args);
    return statement instanceof StatementSync && counted.has(statement)
      ? query(statement.sourceSQL.includes("take_ms("), work)
      : work();
  });
}

function isOfUsers(database: DatabaseSync): boolean {
  const users = knownEnvironment()?.addresses.database.path;
  return users !== undefined && database.location() === users;
}

function query<Result>(waitsByItself: boolean, work: () => Result): Result {
  return holdThread("query", () => {
    if (!waitsByItself) {
      Atomics.wait(sleeper, 0, 0, queryMs);
    }
    return work();
  });
}

type Run = (...args: unknown[]) => unknown;

function replaceRuns(
  holder: object,
  replacement: (run: Run, args: unknown[], self: unknown) => unknown,
): void {
  for (const name of runs) {
    const run: Run = Reflect.get(holder, name);
    const value = new Proxy(run, {
      apply: (_, self, args: unknown[]) => replacement(run, args, self),
    });
    Object.defineProperty(holder, name, { value, writable: true, configurable: true });
  }
}
