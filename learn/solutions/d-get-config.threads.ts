import { readFileSync } from "node:fs";
import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "readFileSync may block a thread of the pool for waiting; libuv's few stay free for others.",
};

export const libuvThreads = 4;

export function readConfig() {
  return parseConfig(readFileSync(configPath(), "utf8"));
}

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return threads.run(readConfig, undefined, signal);
};
