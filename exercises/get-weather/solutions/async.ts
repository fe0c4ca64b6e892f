import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The operating system watches the sockets, so ten waits need no thread.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const response = await fetch(weatherUrl(city), { signal });
  return { city, ...parseWeather(await response.json()) };
};
