import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A worker for each core computes, and whoever waits longest gets the next hash.",
};

const workers: Worker[] = [];
const waiting: ((hash: string) => void)[] = [];
let turn = 0;

if (workerData === "hashes") {
  parentPort?.on("message", ({ data, rounds }) => {
    parentPort?.postMessage(hashChain(data, rounds));
  });
} else if (isMainThread) {
  for (let n = 0; n < availableParallelism(); n++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: "hashes" });
    worker.on("message", (hash) => waiting.pop()?.(hash));
    workers.push(worker);
  }
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  const hash = await new Promise<string>((resolve) => {
    waiting.push(resolve);
    workers[turn++ % workers.length]?.postMessage({ data, rounds });
  });
  return { hash, algorithm: "sha256" };
};
