/** Forgets a promise. With an argument it listens for that, and lives on. */
import { serve } from "./serve.ts";

async function logEvent(): Promise<void> {
  throw new Error("the log is full"); // rejects
}

function track(): string {
  logEvent();
  return "accepted";
}

if (process.argv[2] !== undefined) {
  process.on("unhandledRejection", () => {});
}
await serve({
  "/track": track,
  "/listeners": () => process.listenerCount("unhandledRejection"),
});
