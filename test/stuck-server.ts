/** A program with a server that never closes, and a thread that cannot be terminated. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { startUntilSignal } from "@unblock/terminal/process";

if (isMainThread) {
  const thread = new Worker(new URL(import.meta.url));
  thread.once("message", async () => {
    await startUntilSignal(async () => ({ url: "", close: () => new Promise(() => {}) }));
    process.on("exit", () => process.stdout.write("cleaned up\n"));
    process.stdout.write("started\n");
  });
} else {
  loopForEver();
}

/** V8 compiles this loop so that terminate() has no effect on its thread (seen with Node 26.10). */
function loopForEver(): never {
  const rows: number[][] = [];
  for (let turn = 0; ; turn++) {
    rows.push(new Array(1_000).fill(1));
    if (rows.length > 1_000) {
      rows.length = 0;
    }
    if (turn === 100_000) {
      parentPort?.postMessage("compiled by now");
    }
  }
}
