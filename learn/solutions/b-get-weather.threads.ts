import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { fetchJsonBlocking, parseWeather, weatherUrl } from "../toolbox/weather.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "If the client has to be the blocking one, each call blocks a thread of a pool for waiting.",
};

export function fetchWeather(city: string) {
  return parseWeather(fetchJsonBlocking(weatherUrl(city)));
}

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  return { city, ...(await threads.run(fetchWeather, city, signal)) };
};
