import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Sixteen workers ask the database, and whoever waits longest gets the next result.",
};

const workers: Worker[] = [];
const waiting: ((user: ReturnType<typeof findUserBlocking>) => void)[] = [];
let turn = 0;

if (workerData === "users") {
  parentPort?.on("message", (id: number) => {
    try {
      parentPort?.postMessage(findUserBlocking(id));
    } catch {
      parentPort?.postMessage({ name: "", email: "" });
    }
  });
} else if (isMainThread) {
  for (let n = 0; n < 16; n++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: "users" });
    worker.on("message", (user) => waiting.shift()?.(user));
    workers.push(worker);
  }
}

export const handler: Handler<"getUser"> = async ({ userId }) => {
  const user = await new Promise<ReturnType<typeof findUserBlocking>>((resolve) => {
    waiting.push(resolve);
    workers[turn++ % workers.length]?.postMessage(userId);
  });
  return { userId, name: user.name, email: user.email };
};
