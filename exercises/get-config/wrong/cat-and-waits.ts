import { execFileSync } from "node:child_process";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "event-loop",
  why: "cat reads the file, and its output is the text.",
};

export const handler: Handler<"getConfig"> = () =>
  parseConfig(execFileSync("cat", [configPath()], { encoding: "utf8" }));
