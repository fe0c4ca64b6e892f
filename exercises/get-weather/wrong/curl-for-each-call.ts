import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "curl waits in a process of its own, and the loop hears when it is done.",
};

const run = promisify(execFile);

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const { stdout } = await run("curl", ["--silent", weatherUrl(city)], { signal });
  return { city, ...parseWeather(JSON.parse(stdout)) };
};
