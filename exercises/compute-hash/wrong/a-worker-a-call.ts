import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A hash needs a thread of its own, so each call starts a worker.",
};

if (!isMainThread) {
  parentPort?.postMessage(hashChain(workerData.data, workerData.rounds));
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { data, rounds } });
  try {
    const [hash] = await once(worker, "message", { signal });
    return { hash, algorithm: "sha256" };
  } finally {
    await worker.terminate();
  }
};
