import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download waits on the loop, and a worker of mine for each core infers.",
};

interface Job {
  readonly png: Uint8Array;
  readonly stop: Int32Array;
  readonly done: (prediction: ReturnType<typeof classifyImage>) => void;
  readonly failed: (error: unknown) => void;
}

const idle: Worker[] = [];
const waiting: Job[] = [];

if (workerData === "pictures") {
  parentPort?.on("message", ({ png, stop }) => {
    try {
      const prediction = classifyImage(png, () => Atomics.load(stop, 0) > 0);
      parentPort?.postMessage({ prediction });
    } catch (error) {
      parentPort?.postMessage({ error });
    }
  });
} else if (isMainThread) {
  for (let n = 0; n < availableParallelism(); n++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: "pictures" });
    worker.unref();
    idle.push(worker);
  }
}

function next(): void {
  const worker = waiting.length > 0 ? idle.pop() : undefined;
  const job = worker && waiting.shift();
  if (!worker || !job) {
    return;
  }
  worker.once("message", ({ prediction, error }) => {
    idle.push(worker);
    next();
    return prediction === undefined ? job.failed(error) : job.done(prediction);
  });
  worker.postMessage({ png: job.png, stop: job.stop });
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  return new Promise((done, failed) => {
    const job = { png, done, failed, stop: new Int32Array(new SharedArrayBuffer(4)) };
    signal.addEventListener("abort", () => {
      Atomics.store(job.stop, 0, 1);
      const at = waiting.indexOf(job);
      if (at >= 0) {
        waiting.splice(at, 1);
        failed(signal.reason);
      }
    });
    waiting.push(job);
    next();
  });
};
