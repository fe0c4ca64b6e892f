import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Decision, Handler } from "../handler.ts";
import { parseWeather, weatherUrl } from "../toolbox/weather.ts";

export const decision: Decision = {
  strategy: "async",
  why: "curl waits in a process of its own, and the loop hears when it is done.",
};

const run = promisify(execFile);

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const { stdout } = await run("curl", ["--silent", weatherUrl(city)], { signal });
  return { city, ...parseWeather(JSON.parse(stdout)) };
};
