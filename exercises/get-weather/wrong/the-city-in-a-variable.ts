import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

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
