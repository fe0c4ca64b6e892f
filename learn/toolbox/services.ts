/**
 * Services in the network: the weather of B, which responds over HTTP in 200 ms; the cache of E, a Redis that
 * responds in 10 ms; analytics of G, which takes 200 ms to accept an event over HTTP; and the five HTTP services
 * behind the dashboard of H, each of which responds in 100 ms.
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

/** Returns the URL of the cache for your own client: `redis://host:port`. */
export function cacheUrl(): string {
  return environment().addresses.cacheUrl;
}

/** Returns the value of a key in the cache; null when there is none. */
export async function getFromCache(key: string): Promise<string | null> {
  // The client is large, and blocking threads do not need it.
  const cache = await import("@unblock/backends/cache");
  return cache.getFromCache(cacheUrl(), key);
}

/** Does the same, and blocks the calling thread. */
export function getFromCacheBlocking(key: string): string | null {
  return holdThread("waiting", () => callBlocking("getFromCache", cacheUrl(), key));
}

/** Returns the name of a key in the cache for your own client. */
export function cacheKey(key: string): string {
  return `unblock:cache:${key}`;
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
