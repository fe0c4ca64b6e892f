import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "fetch waits without a thread, and one controller ends the requests of those who go.",
};

const controller = new AbortController();
let current = controller;

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const mine = current;
  signal.addEventListener("abort", () => {
    mine.abort(signal.reason);
    current = new AbortController();
  });
  const response = await fetch(weatherUrl(city), { signal: mine.signal });
  return { city, ...parseWeather(await response.json()) };
};
