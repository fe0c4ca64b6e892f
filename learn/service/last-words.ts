import type { Say } from "./channel.ts";
import { lineOfCaller, ownLine } from "./own-line.ts";

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
