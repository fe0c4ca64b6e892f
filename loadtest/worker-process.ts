import { fork } from "node:child_process";
import { childEnvironment } from "@unblock/terminal/process";
import { firstMessage, keepProcess } from "./server-process.ts";

export interface WorkerProcess {
  close(): Promise<void>;
}

/** Starts a worker for jobs of the strategy `queue`, from the Redis at REDIS_URL. */
export async function startWorker(flags: readonly string[]): Promise<WorkerProcess> {
  const child = fork(new URL(import.meta.resolve("@unblock/worker/main")), flags, {
    execArgv: [],
    env: childEnvironment(["REDIS_URL"]),
    // Detached: a terminal's Ctrl-C is for the measuring process alone.
    detached: true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const close = keepProcess(child);
  await firstMessage(child, "worker");
  return { close };
}
