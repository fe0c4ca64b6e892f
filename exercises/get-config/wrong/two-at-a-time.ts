import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv's pool reads two files at once, which is kind to the disk.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

let running = 0;
const waiting: (() => void)[] = [];

export const handler: Handler<"getConfig"> = async (_, signal) => {
  if (running >= 2) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running++;
  try {
    return parseConfig(await readFile(configPath(), { encoding: "utf8", signal }));
  } finally {
    running--;
    waiting.shift()?.();
  }
};
