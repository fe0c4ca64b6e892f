import fs from "node:fs";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "fs.readFile with a callback reads in libuv's pool as well.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  fs.readFile(configPath(), { encoding: "utf8", signal }, (error, text) => {
    if (error) {
      reject(error);
    } else {
      resolve(text);
    }
  });
  return parseConfig(await promise);
};
