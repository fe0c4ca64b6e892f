import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "fs/promises blocks a thread of libuv, and there are sixteen.",
};

export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async () => {
  return parseConfig(await readFile(configPath(), "utf8"));
};
