import { execFileSync } from "node:child_process";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "event-loop",
  why: "cat reads the file, and its output is the text.",
};

export const handler: Handler<"getConfig"> = () =>
  parseConfig(execFileSync("cat", [configPath()], { encoding: "utf8" }));
