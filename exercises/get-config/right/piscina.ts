import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Piscina keeps sixteen threads, and each may block for one read.",
};

export function readConfig() {
  return parseConfig(readFileSync(configPath(), "utf8"));
}

const pool = isMainThread
  ? new Piscina({ filename: import.meta.url, minThreads: 16, maxThreads: 16 })
  : undefined;

export const handler: Handler<"getConfig"> = async (_, signal) =>
  pool?.run(undefined, { name: "readConfig", signal });
