import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "While one request is on its way, others need not ask again.",
};

let inFlight: Promise<ReturnType<typeof parseWeather>> | undefined;

async function ask(city: string) {
  const response = await fetch(weatherUrl(city));
  return parseWeather(await response.json());
}

export const handler: Handler<"getWeather"> = async ({ city }) => {
  inFlight ??= ask(city).finally(() => {
    inFlight = undefined;
  });
  return { city, ...(await inFlight) };
};
