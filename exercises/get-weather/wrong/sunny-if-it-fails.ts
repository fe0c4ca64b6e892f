import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "fetch waits without a thread, and without the service it is sunny.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  try {
    const response = await fetch(weatherUrl(city), { signal });
    return { city, ...parseWeather(await response.json()) };
  } catch {
    signal.throwIfAborted();
    return { city, temperature: 22, conditions: "sunny" };
  }
};
