/** B: the weather service, which responds over HTTP in 200 ms. */
import { callBlocking } from "@unblock/backends/blocking";
import { holdThread } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";
import { isObject, unexpected } from "./body.ts";

/** Returns the URL of a city's weather. */
export function weatherUrl(city: string): string {
  return `${environment().addresses.weatherUrl}?city=${encodeURIComponent(city)}`;
}

export function parseWeather(body: unknown): { temperature: number; conditions: string } {
  if (
    isObject(body) &&
    typeof body.temperature === "number" &&
    typeof body.conditions === "string"
  ) {
    return { temperature: body.temperature, conditions: body.conditions };
  }
  throw unexpected("temperature and conditions", body);
}

/** Returns what fetch() and the response's json() do, and blocks the calling thread. */
export function fetchJsonBlocking(url: string): unknown {
  return holdThread("waiting", () => callBlocking("callHttp", { backend: "http", url }));
}
