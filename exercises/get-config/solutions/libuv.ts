import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "fs/promises blocks a thread of libuv's pool, which needs one for each read at once.",
};

/** More than the ten reads, so that what else needs the pool finds a thread. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return parseConfig(await readFile(configPath(), { encoding: "utf8", signal }));
};
