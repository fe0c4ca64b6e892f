import { request as undiciRequest } from "undici";
import type { Decision, Handler } from "../handler.ts";
import { parseWeather, weatherUrl } from "../toolbox/weather.ts";

export const decision: Decision = {
  strategy: "async",
  why: "undici waits for sockets as fetch does, and reads the body as JSON.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const { body } = await undiciRequest(weatherUrl(city), { signal });
  return { city, ...parseWeather(await body.json()) };
};
