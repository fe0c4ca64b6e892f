import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv's pool reads, and the loop makes itself useful meanwhile.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

let checksum = 0;

setInterval(() => {
  const untilMs = performance.now() + 8;
  while (performance.now() < untilMs) {
    checksum = (checksum * 31 + 7) % 1_000_003;
  }
}, 10);

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return parseConfig(await readFile(configPath(), { encoding: "utf8", signal }));
};
