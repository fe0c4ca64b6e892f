import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv's pool reads into one buffer, which saves memory.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

const buffer = Buffer.alloc(1_024);

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const file = await open(configPath());
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    await sleep(5, undefined, { signal });
    return parseConfig(buffer.toString("utf8", 0, bytesRead));
  } finally {
    await file.close();
  }
};
