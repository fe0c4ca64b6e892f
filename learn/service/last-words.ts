import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** Why a process ends. */
export type LastWords =
  /** A call of process.exit(), with its line in the learner's file. */
  | { readonly kind: "exit"; readonly code: number; readonly line: number | null }
  | { readonly kind: "uncaught"; readonly problem: string; readonly line: number | null }
  | { readonly kind: "memory"; readonly usedMb: number }
  /** The line at which the event loop is stuck. */
  | { readonly kind: "stuck"; readonly line: number };

export function leaveLastWords(fileUrl: string, say: (words: LastWords) => void): void {
  process.on("uncaughtException", (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    say({ kind: "uncaught", problem: String(error), line: ownLine(stack, fileUrl) });
    process.exit(1);
  });
  // The caller of process.exit() is on the stack.
  process.on("exit", (code) => say({ kind: "exit", code, line: lineOfCaller(fileUrl) }));
}

// The learner's file may replace it later.
const read = readFileSync;
/** Frames that may lie between a call and the learner's file. */
const stackDepth = 100;

/** Returns the topmost line of a stack trace that is in a file, from 1; null when there is none. */
export function ownLine(stack: string | undefined, fileUrl: string): number | null {
  // A syntax error names the file by its path.
  const names = [fileUrl, fileURLToPath(fileUrl)];
  for (const text of (stack ?? "").split("\n")) {
    for (const name of names) {
      const at = text.indexOf(`${name}:`);
      const [, line] = at < 0 ? [] : (/^:(\d+)/.exec(text.slice(at + name.length)) ?? []);
      if (line !== undefined) {
        return Number(line);
      }
    }
  }
  return null;
}

/** Returns the line of a file that is running right now; null when none is. */
export function lineOfCaller(fileUrl: string): number | null {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = stackDepth;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return ownLine(stack, fileUrl);
}

/** Returns the first line of a file that contains a text; null when none does. */
export function lineWith(text: string, fileUrl: string): number | null {
  const lines = read(fileURLToPath(fileUrl), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(text));
  return index < 0 ? null : index + 1;
}

export interface GuardData {
  readonly maxMemoryMb: number;
  /** Begins each message, so that nobody else can send one. */
  readonly secret: string;
  /** Counts turns of the main thread's loop. */
  readonly turns: Int32Array;
}

/** Symbol of a global function that returns the running line of the learner's file. */
export const whereSymbol = "unblock learn: where";
/** Interval between counts, shorter than the guard's polls. */
const turnMs = 50;

/** Starts the thread that ends this process when its loop can't. */
export function startGuard(fileUrl: string, maxMemoryMb: number, secret: string): void {
  const turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(turns, 0, 1), turnMs).unref();
  Object.defineProperty(globalThis, Symbol.for(whereSymbol), {
    value: () => lineOfCaller(fileUrl),
  });
  const data: GuardData = { maxMemoryMb, secret, turns };
  new Worker(new URL("./guard-thread.ts", import.meta.url), { workerData: data }).unref();
}
