import { readFile } from "node:fs/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "fs/promises reads in the pool of libuv, one read after the other as a disk does.",
};

export const libuvThreads = 16;

let last: Promise<unknown> = Promise.resolve();

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const text = last.then(() => readFile(configPath(), { encoding: "utf8", signal }));
  last = text.catch(() => {});
  return parseConfig(await text);
};
