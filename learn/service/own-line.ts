import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

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
