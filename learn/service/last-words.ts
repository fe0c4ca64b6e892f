import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Say } from "./channel.ts";

/** Has the process say why it ends. */
export function leaveLastWords(fileUrl: string, say: Say): void {
  process.on("uncaughtException", (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    say({ kind: "uncaught", problem: String(error), line: ownLine(stack, fileUrl) });
    process.exit(1);
  });
  // Whoever calls process.exit() is on the stack.
  process.on("exit", (code) => say({ kind: "exit", code, line: lineOfCaller(fileUrl) }));
}

// The learner's file may replace it later.
const read = readFileSync;
/** Frames up to the learner's file, through whatever library. */
const stackDepth = 100;

/**
 * The topmost line of a stack trace that is in a file.
 *
 * @param fileUrl its file: URL
 * @returns from 1; null when there is none
 */
export function ownLine(stack: string | undefined, fileUrl: string): number | null {
  // What can't even be parsed is named by its path.
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

/** The line of a file that is calling right now; null when none is. */
export function lineOfCaller(fileUrl: string): number | null {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = stackDepth;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return ownLine(stack, fileUrl);
}

/** The first line of a file that has a text in it; null when none has. */
export function lineWith(text: string, fileUrl: string): number | null {
  const lines = read(fileURLToPath(fileUrl), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(text));
  return index < 0 ? null : index + 1;
}

/** What the guard is started with. */
export interface GuardData {
  readonly maxMemoryMb: number;
  /** What begins each message. */
  readonly secret: string;
  /** Counts how often the main thread's loop has turned. */
  readonly turns: Int32Array;
}

/** Under this symbol the main thread has a function that says where in the learner's file it is. */
export const whereSymbol = "unblock learn: where";
/** Less often than the guard looks, in milliseconds. */
const turnMs = 50;

/** Starts the thread that guards this one. */
export function startGuard(fileUrl: string, maxMemoryMb: number, secret: string): void {
  const turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(turns, 0, 1), turnMs).unref();
  Object.defineProperty(globalThis, Symbol.for(whereSymbol), {
    value: () => lineOfCaller(fileUrl),
  });
  const data: GuardData = { maxMemoryMb, secret, turns };
  new Worker(new URL("./guard-thread.ts", import.meta.url), { workerData: data }).unref();
}
