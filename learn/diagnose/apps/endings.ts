/** Ends in the ways that programs do. With an argument it listens for SIGTERM itself. */
import { serve } from "./serve.ts";

const cell = new Int32Array(new SharedArrayBuffer(4));

function block(): string {
  Atomics.wait(cell, 0, 0, 300); // blocks: block
  return "blocked";
}

if (process.argv[2] !== undefined) {
  process.once("SIGTERM", () => {
    process.stdout.write(`${process.argv[2]}\n`);
    process.exitCode = 7;
    setImmediate(() => process.exit());
  });
}
await serve({
  "/block": block,
  "/exit": () => {
    block();
    process.exit(3);
  },
  "/throw": () => {
    setImmediate(() => {
      throw new Error("nobody catches this");
    });
  },
});
