import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous. The weather service is not ours, so it gets one call at once.",
};

let last: Promise<unknown> = Promise.resolve();

async function fetchWeather(city: string, signal: AbortSignal) {
  const response = await fetch(weatherUrl(city), { signal });
  return parseWeather(await response.json());
}

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const weather = last.then(() => fetchWeather(city, signal));
  last = weather.catch(() => {});
  return { city, ...(await weather) };
};
