import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "fs/promises is asynchronous, so the reads block no thread.",
};

export const libuvThreads = 4;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return parseConfig(await readFile(configPath(), { encoding: "utf8", signal }));
};
