import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

process.env.UV_THREADPOOL_SIZE = "32";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv reads, and its pool has been made large enough in the first line.",
};

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return parseConfig(await readFile(configPath(), { encoding: "utf8", signal }));
};
