/**
 * The HTTP services: the weather of B, which responds in 200 ms; analytics of G, which takes 200 ms to accept
 * an event; and the five services behind the dashboard of H, each of which responds in 100 ms.
 */
import { callBlocking } from "@unblock/backends/blocking";
import { holdThread } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";

/** Returns the URL of a city's weather. */
export function weatherUrl(city: string): string {
  return `${environment().addresses.weatherUrl}?city=${encodeURIComponent(city)}`;
}

export function parseWeather(body: unknown): { temperature: number; conditions: string } {
  const { temperature, conditions }: Record<string, unknown> = Object(body);
  if (typeof temperature === "number" && typeof conditions === "string") {
    return { temperature, conditions };
  }
  throw new Error(`Expected JSON with temperature and conditions, got ${JSON.stringify(body)}`);
}

/** Returns what fetch() and the response's json() do, and blocks the calling thread. */
export function fetchJsonBlocking(url: string): unknown {
  return holdThread("waiting", () => callBlocking("callHttp", { backend: "http", url }));
}

/** Returns the URL to which events are posted. */
export function analyticsUrl(): string {
  return environment().addresses.analyticsUrl;
}

/** Returns the URL of a dashboard's service. */
export function serviceUrl(service: 1 | 2 | 3 | 4 | 5): string {
  return environment().addresses.dashboardUrls[service - 1] ?? "";
}

/** Returns the data in the JSON response of a dashboard's service. */
export function parseData(body: unknown): string {
  const { data }: Record<string, unknown> = Object(body);
  if (typeof data === "string") {
    return data;
  }
  throw new Error(`Expected JSON with data, got ${JSON.stringify(body)}`);
}
