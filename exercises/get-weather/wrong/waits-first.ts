import { setTimeout } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and a short wait before spares the service a storm of calls.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  await setTimeout(300, undefined, { signal });
  const response = await fetch(weatherUrl(city), { signal });
  return { city, ...parseWeather(await response.json()) };
};
