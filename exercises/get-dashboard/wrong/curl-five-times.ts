import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "Five processes of curl ask at once, and their output is the data.",
};

const run = promisify(execFile);

async function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  const { stdout } = await run("curl", ["--silent", serviceUrl(service)], { signal });
  return parseData(JSON.parse(stdout));
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, signal),
    ask(2, signal),
    ask(3, signal),
    ask(4, signal),
    ask(5, signal),
  ]);
  return { service1, service2, service3, service4, service5 };
};
