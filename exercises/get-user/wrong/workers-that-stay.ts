import { once } from "node:events";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Each call starts a worker, which waits for more work afterwards.",
};

if (workerData === "users") {
  parentPort?.on("message", (id: number) => parentPort?.postMessage(findUserBlocking(id)));
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: "users" });
  worker.postMessage(userId);
  const [user] = await once(worker, "message", { signal });
  return { userId, name: user.name, email: user.email };
};
