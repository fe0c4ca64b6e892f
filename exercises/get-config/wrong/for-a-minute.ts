import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv's pool reads the file, and a minute long it is at hand.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

let config: ReturnType<typeof parseConfig> | undefined;
let untilMs = 0;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  if (config === undefined || performance.now() > untilMs) {
    config = parseConfig(await readFile(configPath(), { encoding: "utf8", signal }));
    untilMs = performance.now() + 60_000;
  }
  return config;
};
