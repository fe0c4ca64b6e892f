import { Agent as HttpAgent, get as httpGet } from "node:http";
import { text as readText } from "node:stream/consumers";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "node:http tells when the socket has something; until then nobody waits on a thread.",
};

const agent = new HttpAgent({ keepAlive: true });

function fetchText(url: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  httpGet(url, { agent, signal }, (response) => {
    readText(response).then(resolve, reject);
  }).on("error", reject);
  return promise;
}

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  return { city, ...parseWeather(JSON.parse(await fetchText(weatherUrl(city), signal))) };
};
