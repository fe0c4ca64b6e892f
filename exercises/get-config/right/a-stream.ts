import { createReadStream } from "node:fs";
import { text as readText } from "node:stream/consumers";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "A stream reads in libuv's pool piece by piece, and ends with its caller.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return parseConfig(await readText(createReadStream(configPath(), { signal })));
};
