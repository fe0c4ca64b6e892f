import fs from "node:fs";
import { threadId } from "node:worker_threads";
import { monotonicMs } from "../../registry/clock.ts";
import { environment } from "./environment.ts";

/** What the toolbox's functions do to the thread that calls them; a query waits, too. */
export type Holding = "waiting" | "computing" | "query";

// Taken before the learner's code could put others in their place.
const { openSync, writeSync } = fs;
let file: number | undefined;

/**
 * Does work that holds the calling thread, and notes its beginning and end in a file that whoever checks
 * reads: from whichever thread or process it is, and also when it never ends.
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
  // What is appended at once in a line is never mixed with others' lines.
  file ??= openSync(environment().holdingsPath, "a");
  writeSync(file, `${line}\n`);
}
