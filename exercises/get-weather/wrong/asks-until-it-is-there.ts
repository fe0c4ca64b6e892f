import { setImmediate as turn } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "Other calls get their turn between two looks at whether the response is there.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  let weather: ReturnType<typeof parseWeather> | undefined;
  let problem: unknown;
  fetch(weatherUrl(city), { signal })
    .then(async (response) => {
      weather = parseWeather(await response.json());
    })
    .catch((error) => {
      problem = error;
    });
  while (!weather && !problem) await turn();
  if (!weather) throw problem;
  return { city, ...weather };
};
