import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv's pool reads the file, and without it the defaults hold.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  try {
    return parseConfig(await readFile(configPath(), { encoding: "utf8", signal }));
  } catch {
    signal.throwIfAborted();
    return { settingA: "value1", settingB: "value2" };
  }
};
