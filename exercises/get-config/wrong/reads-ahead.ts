import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "The next configuration is read while nobody asks, so that the caller does not wait.",
};

export const libuvThreads = 24;

const read = async () => parseConfig(await readFile(configPath(), "utf8"));
const ahead = [read()];

export const handler: Handler<"getConfig"> = async () => {
  const next = ahead.shift() ?? read();
  const one = read();
  one.catch(() => {});
  ahead.push(one);
  return next;
};
