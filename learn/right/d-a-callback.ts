import fs from "node:fs";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

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
