import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";
import { fetchJsonBlocking, parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "If the client has to be the blocking one, each call blocks a thread of a pool for waiting.",
};

export function fetchWeather(city: string) {
  return parseWeather(fetchJsonBlocking(weatherUrl(city)));
}

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  return { city, ...(await blockingPool.run(fetchWeather, city, signal)) };
};
