import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "One request sees whether the service is up, the next reads the weather.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const [up, response] = await Promise.all([
    fetch(weatherUrl(city), { signal }),
    fetch(weatherUrl(city), { signal }),
  ]);
  await up.text();
  return { city, ...parseWeather(await response.json()) };
};
