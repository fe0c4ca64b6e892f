import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous: while it waits, no thread does.",
};

export const handler: Handler<"getWeather"> = async ({ city }) => {
  const response = await fetch(weatherUrl(city));
  return { city, ...parseWeather(await response.json()) };
};
