import { readFileSync } from "node:fs";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "event-loop",
  why: "The file is small, so it is read in no time.",
};

export const libuvThreads = 4;

export const handler: Handler<"getConfig"> = () => {
  return parseConfig(readFileSync(configPath(), "utf8"));
};
