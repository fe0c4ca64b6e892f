import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download is asynchronous, and each inference gets a worker of its own.",
};

if (!isMainThread) {
  parentPort?.postMessage(classifyImage(workerData));
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  const worker = new Worker(new URL(import.meta.url), { workerData: png });
  try {
    const [prediction] = await once(worker, "message", { signal });
    return prediction;
  } finally {
    await worker.terminate();
  }
};
