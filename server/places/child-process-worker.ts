import { runTask, type TaskMessage } from "./task-runner.ts";

// A terminal's Ctrl-C reaches every process of the group; the server decides when this one ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit());
if (!process.connected) {
  // The server went before anybody here could hear of it.
  process.exit();
}

process.on("message", async (message: TaskMessage) => {
  // A process hears of nothing while it computes; who gives up kills it.
  const outcome = await runTask(message, { stopped: () => false });
  process.send?.(outcome);
});
// Whoever started this process waits for a message, and sends nothing before.
process.send?.("ready");
