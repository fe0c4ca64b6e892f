import { writeSync } from "node:fs";
import { type LastWords, lastWordsFd } from "./messages.ts";
import { lineOfCaller, ownLine } from "./own-line.ts";

/** Has the process say why it ends, to a pipe that takes it at once. */
export function leaveLastWords(fileUrl: string): void {
  process.on("uncaughtException", (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    say({ kind: "uncaught", problem: String(error), line: ownLine(stack, fileUrl) });
    process.exit(1);
  });
  // Whoever calls process.exit() is on the stack.
  process.on("exit", (code) => say({ kind: "exit", code, line: lineOfCaller(fileUrl) }));
}

export function say(words: LastWords): void {
  writeSync(lastWordsFd, `${JSON.stringify(words)}\n`);
}
