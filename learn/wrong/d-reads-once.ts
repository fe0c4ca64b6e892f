import { readFile } from "node:fs/promises";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

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
