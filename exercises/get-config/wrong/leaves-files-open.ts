import { open } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "A FileHandle reads in libuv's pool, and Node closes it some day.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

const files: unknown[] = [];

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const file = await open(configPath());
  files.push(file);
  return parseConfig(await file.readFile({ encoding: "utf8", signal }));
};
