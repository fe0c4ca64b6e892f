import { createReadStream, openSync } from "node:fs";
import { text as readText } from "node:stream/consumers";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "Only the open is synchronous, as it is short; libuv's pool reads.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async () => {
  const file = openSync(configPath(), "r");
  try {
    return parseConfig(await readText(createReadStream("", { fd: file })));
  } catch (error) {
    throw new Error("The configuration can't be read", { cause: error });
  }
};
