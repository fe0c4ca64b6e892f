import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";
import { Agent as UndiciAgent, request as undiciRequest } from "undici";

export const decision: Decision = {
  strategy: "async",
  why: "One agent keeps the connections, and waiting for them needs no thread.",
};

const dispatcher = new UndiciAgent({ connections: 32, keepAliveTimeout: 5_000 });

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const { body } = await undiciRequest(weatherUrl(city), { dispatcher, signal });
  return { city, ...parseWeather(await body.json()) };
};
