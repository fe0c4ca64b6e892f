import { readFileSync } from "node:fs";
import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "libuv",
  why: "The read blocks one of the sixteen threads that libuv has.",
};

export const libuvThreads = 16;

export function readConfig() {
  return parseConfig(readFileSync(configPath(), "utf8"));
}

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return threads.run(readConfig, undefined, signal);
};
