import { execFileSync } from "node:child_process";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "event-loop",
  why: "curl does the waiting, and its output is the answer.",
};

export const handler: Handler<"getWeather"> = ({ city }) => {
  const output = execFileSync("curl", ["--silent", weatherUrl(city)], { encoding: "utf8" });
  return { city, ...parseWeather(JSON.parse(output)) };
};
