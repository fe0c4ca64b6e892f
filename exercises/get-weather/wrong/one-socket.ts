import { Agent as HttpAgent, get as httpGet } from "node:http";
import { json as readJson } from "node:stream/consumers";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "One connection is kept, and all requests share it.",
};

const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  httpGet(weatherUrl(city), { agent, signal }, (response) => {
    readJson(response).then(resolve, reject);
  }).on("error", reject);
  return { city, ...parseWeather(await promise) };
};
