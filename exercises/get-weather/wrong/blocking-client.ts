import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { fetchJsonBlocking, parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The call is I/O, so an async function is all that it needs.",
};

export const handler: Handler<"getWeather"> = async ({ city }) => {
  return { city, ...parseWeather(await fetchJsonBlocking(weatherUrl(city))) };
};
