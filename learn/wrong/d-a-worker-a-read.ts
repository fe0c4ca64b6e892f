import { once } from "node:events";
import { readFileSync } from "node:fs";
import { parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "threads",
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
