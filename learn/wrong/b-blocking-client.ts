import type { Decision, Handler } from "../handler.ts";
import { fetchJsonBlocking, parseWeather, weatherUrl } from "../toolbox/weather.ts";

export const decision: Decision = {
  strategy: "async",
  why: "The call is I/O, so an async function is all that it needs.",
};

export const handler: Handler<"getWeather"> = async ({ city }) => {
  return { city, ...parseWeather(await fetchJsonBlocking(weatherUrl(city))) };
};
