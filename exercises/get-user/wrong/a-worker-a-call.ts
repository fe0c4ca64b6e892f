import { once } from "node:events";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver blocks its thread, so each call gets a new thread to block.",
};

if (workerData?.userId !== undefined) {
  parentPort?.postMessage(findUserBlocking(workerData.userId));
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { userId } });
  try {
    const [user] = await once(worker, "message", { signal });
    return { userId, name: user.name, email: user.email };
  } finally {
    await worker.terminate();
  }
};
