import { open } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "A FileHandle reads in libuv's pool, which has a thread for each of the ten.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const file = await open(configPath());
  try {
    return parseConfig(await file.readFile({ encoding: "utf8", signal }));
  } finally {
    await file.close();
  }
};
