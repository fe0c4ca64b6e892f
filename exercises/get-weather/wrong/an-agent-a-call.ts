import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";
import { Agent as UndiciAgent, request as undiciRequest } from "undici";

export const decision: Decision = {
  strategy: "async",
  why: "Each call has an agent of its own, so that no call waits for another.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const dispatcher = new UndiciAgent();
  try {
    const { body } = await undiciRequest(weatherUrl(city), { dispatcher, signal });
    return { city, ...parseWeather(await body.json()) };
  } finally {
    await dispatcher.destroy();
  }
};
