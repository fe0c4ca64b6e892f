import type { Decision, Handler } from "../handler.ts";
import { parseWeather, weatherUrl } from "../toolbox/weather.ts";

export const decision: Decision = {
  strategy: "async",
  why: "fetch waits without a thread, and the city is noted until it is back.",
};

let city = "";

export const handler: Handler<"getWeather"> = async (request, signal) => {
  city = request.city;
  const response = await fetch(weatherUrl(city), { signal });
  return { city, ...parseWeather(await response.json()) };
};
