// @ts-nocheck

import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "fetch waits without a thread, and the compiler need not look at it.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const response = await fetch(weatherUrl(city), { signal });
  return { city, ...(await response.json()) };
};
