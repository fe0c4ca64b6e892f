import { runTask, type TaskMessage } from "./task-runner.ts";

// A terminal's Ctrl-C reaches the whole process group; the server decides when this process ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit());
if (!process.connected) {
  // The server ended before the listener above was set.
  process.exit();
}

process.on("message", async (message: TaskMessage) => {
  // A process receives no messages while it computes; it is killed instead.
  const outcome = await runTask(message, { stopped: () => false });
  process.send?.(outcome);
});
// The parent sends nothing before this message.
process.send?.("ready");
