/** Ends in the ways that programs do. The arguments are events of the process that it listens for. */
import { serve } from "./serve.ts";

const cell = new Int32Array(new SharedArrayBuffer(4));
const events = process.argv.slice(2);

function block(): string {
  Atomics.wait(cell, 0, 0, 300); // blocks: block
  return "blocked";
}

async function logEvent(): Promise<void> {
  throw new Error("the log is full"); // rejects
}

if (events.includes("SIGTERM")) {
  process.once("SIGTERM", () => {
    process.stdout.write("good bye\n");
    process.exitCode = 7;
    setImmediate(() => process.exit());
  });
}
if (events.includes("unhandledRejection")) {
  process.on("unhandledRejection", () => {});
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
  "/reject": () => {
    logEvent();
    return "accepted";
  },
  "/listeners": () => process.listenerCount("unhandledRejection"),
});
