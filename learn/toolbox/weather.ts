/** B: the weather service, which answers over HTTP in 200 ms. */
import { callBlocking } from "../../server/backends/blocking.ts";
import { holdThread } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";
import { isObject, unexpected } from "./body.ts";

/** Where the weather of a city is, for fetch(). */
export function weatherUrl(city: string): string {
  return `${environment().addresses.weatherUrl}?city=${encodeURIComponent(city)}`;
}

/** The weather in the JSON that comes from there. */
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

/** What fetch() and its response's json() give, and it keeps the calling thread meanwhile. */
export function fetchJsonBlocking(url: string): unknown {
  return holdThread("waiting", () => callBlocking("callHttp", { backend: "http", url }));
}
