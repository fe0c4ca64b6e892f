import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The request waits in the kernel, and ten of them cost no thread.",
};

class HttpError extends Error {}

class WeatherClient {
  async current(city: string, signal: AbortSignal) {
    const response = await fetch(weatherUrl(city), {
      headers: { accept: "application/json" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    if (!response.ok) throw new HttpError(`${response.status} ${response.statusText}`);
    return parseWeather(await response.json());
  }
}

const client = new WeatherClient();

export const handler: Handler<"getWeather"> = async ({ city }, signal) => ({
  city,
  ...(await client.current(city, signal)),
});
