import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "libuv",
  why: "cat reads the file in a process of its own, and its output is the text.",
};

const run = promisify(execFile);

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const { stdout } = await run("cat", [configPath()], { signal });
  return parseConfig(stdout);
};
