import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

export const decision: Decision = {
  strategy: "libuv",
  why: "cat reads the file in a process of its own, and its output is the text.",
};

const run = promisify(execFile);

export const handler: Handler<"getConfig"> = async (_, signal) => {
  const { stdout } = await run("cat", [configPath()], { signal });
  return parseConfig(stdout);
};
