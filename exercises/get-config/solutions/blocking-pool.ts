import { readFileSync } from "node:fs";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "readFileSync may block a thread of the pool for waiting; libuv's few stay free for others.",
};

export const libuvThreads = 4;

export function readConfig() {
  return parseConfig(readFileSync(configPath(), "utf8"));
}

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return blockingPool.run(readConfig, undefined, signal);
};
