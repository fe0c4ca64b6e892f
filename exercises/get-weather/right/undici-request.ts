import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";
import { request as undiciRequest } from "undici";

export const decision: Decision = {
  strategy: "async",
  why: "undici waits for sockets as fetch does, and reads the body as JSON.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const { body } = await undiciRequest(weatherUrl(city), { signal });
  return { city, ...parseWeather(await body.json()) };
};
