import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The weather of a city is asked for once and then kept.",
};

const known = new Map<string, ReturnType<typeof parseWeather>>();

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  let weather = known.get(city);
  if (weather === undefined) {
    const response = await fetch(weatherUrl(city), { signal });
    weather = parseWeather(await response.json());
    known.set(city, weather);
  }
  return { city, ...weather };
};
