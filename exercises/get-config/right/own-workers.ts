import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "readFileSync blocks its thread, so sixteen workers of mine do nothing else.",
};

interface Job {
  readonly done: (config: ReturnType<typeof parseConfig>) => void;
  readonly failed: (error: unknown) => void;
}

const idle: Worker[] = [];
const waiting: Job[] = [];

if (workerData === "config") {
  parentPort?.on("message", () => {
    try {
      parentPort?.postMessage({ config: parseConfig(readFileSync(configPath(), "utf8")) });
    } catch (error) {
      parentPort?.postMessage({ error });
    }
  });
} else if (isMainThread) {
  for (let n = 0; n < 16; n++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: "config" });
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
  worker.once("message", ({ config, error }) => {
    idle.push(worker);
    next();
    return config === undefined ? job.failed(error) : job.done(config);
  });
  worker.postMessage("read");
}

export const handler: Handler<"getConfig"> = (_, signal) => {
  return new Promise((done, failed) => {
    const job: Job = { done, failed };
    waiting.push(job);
    signal.addEventListener("abort", () => {
      const at = waiting.indexOf(job);
      if (at >= 0) {
        waiting.splice(at, 1);
      }
      failed(signal.reason);
    });
    next();
  });
};
