import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv's pool reads the file twice, so that a change in between is seen.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const read = () => readFile(configPath(), { encoding: "utf8", signal });
  const [first, second] = await Promise.all([read(), read()]);
  return parseConfig(second || first);
};
