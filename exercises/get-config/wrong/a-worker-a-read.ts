import { once } from "node:events";
import { readFileSync } from "node:fs";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "readFileSync blocks its thread, so each read gets a new one.",
};

if (workerData === "read") {
  parentPort?.postMessage(parseConfig(readFileSync(configPath(), "utf8")));
}

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: "read" });
  try {
    const [config] = await once(worker, "message", { signal });
    return config;
  } finally {
    await worker.terminate();
  }
};
