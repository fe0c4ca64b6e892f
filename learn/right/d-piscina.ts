import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "threads",
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
