import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "fetch waits without a thread, for five seconds at most and as long as the caller does.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const response = await fetch(weatherUrl(city), {
    signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The weather service answered with ${response.status}`);
  }
  return { city, ...parseWeather(await response.json()) };
};
