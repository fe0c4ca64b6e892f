/** H: the five services behind a dashboard. Each answers over HTTP in 100 ms. */
import { environment } from "../service/environment.ts";
import { isObject, unexpected } from "./body.ts";

/** Where a service is, for fetch(). */
export function serviceUrl(service: 1 | 2 | 3 | 4 | 5): string {
  return environment().addresses.dashboardUrls[service - 1] ?? "";
}

/** The data in the JSON that comes from there. */
export function parseData(body: unknown): string {
  if (isObject(body) && typeof body.data === "string") {
    return body.data;
  }
  throw unexpected("data", body);
}
