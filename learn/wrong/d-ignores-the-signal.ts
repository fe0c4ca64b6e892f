import { readFile } from "node:fs/promises";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "libuv",
  why: "fs/promises blocks a thread of libuv, and there are sixteen.",
};

export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async () => {
  return parseConfig(await readFile(configPath(), "utf8"));
};
