import { readFileSync } from "node:fs";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "event-loop",
  why: "The file is small, so it is read in no time.",
};

export const libuvThreads = 4;

export const handler: Handler<"getConfig"> = () => {
  return parseConfig(readFileSync(configPath(), "utf8"));
};
