import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A hash needs a core, so I keep a worker for each core, and the others wait their turn.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

interface Job extends Chain {
  readonly stop: Int32Array;
  readonly done: (hash: string) => void;
  readonly failed: (error: unknown) => void;
}

const idle: Worker[] = [];
const waiting: Job[] = [];

if (workerData === "hashes") {
  parentPort?.on("message", ({ data, rounds, stop }) => {
    try {
      parentPort?.postMessage({ hash: hashChain(data, rounds, () => Atomics.load(stop, 0) > 0) });
    } catch (error) {
      parentPort?.postMessage({ error });
    }
  });
} else if (isMainThread) {
  for (let n = 0; n < availableParallelism(); n++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: "hashes" });
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
  worker.once("message", ({ hash, error }) => {
    idle.push(worker);
    next();
    return hash === undefined ? job.failed(error) : job.done(hash);
  });
  worker.postMessage({ data: job.data, rounds: job.rounds, stop: job.stop });
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const { promise, resolve: done, reject: failed } = Promise.withResolvers<string>();
  const job = { data, rounds, done, failed, stop: new Int32Array(new SharedArrayBuffer(4)) };
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
  return { hash: await promise, algorithm: "sha256" };
};
