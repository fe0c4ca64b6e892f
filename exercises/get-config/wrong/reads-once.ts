import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv reads the file once, and then everybody has it.",
};

export const libuvThreads = 16;

let config: Promise<ReturnType<typeof parseConfig>> | undefined;

export const handler: Handler<"getConfig"> = async () => {
  config ??= readFile(configPath(), "utf8").then(parseConfig);
  return config;
};
