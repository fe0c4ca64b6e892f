import { readFileSync } from "node:fs";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "libuv",
  why: "The read blocks one of the sixteen threads that libuv has.",
};

export const libuvThreads = 16;

export function readConfig() {
  return parseConfig(readFileSync(configPath(), "utf8"));
}

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return blockingPool.run(readConfig, undefined, signal);
};
