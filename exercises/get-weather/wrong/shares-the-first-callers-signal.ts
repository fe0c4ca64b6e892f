import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "One request per city is enough for all that wait for it.",
};

type Weather = { temperature: number; conditions: string };
const inFlight = new Map<string, Promise<Weather>>();

async function ask(city: string, signal: AbortSignal): Promise<Weather> {
  try {
    const response = await fetch(weatherUrl(city), { signal });
    return parseWeather(await response.json());
  } finally {
    inFlight.delete(city);
  }
}

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  let request = inFlight.get(city);
  if (!request) {
    request = ask(city, signal);
    inFlight.set(city, request);
  }
  return { city, ...(await request) };
};
