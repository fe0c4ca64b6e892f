import { createReadStream } from "node:fs";
import { text as readText } from "node:stream/consumers";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "libuv",
  why: "A stream reads in libuv's pool piece by piece, and ends with its caller.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return parseConfig(await readText(createReadStream(configPath(), { signal })));
};
