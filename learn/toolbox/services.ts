/** H: the five services behind a dashboard. Each responds over HTTP in 100 ms. */
import { environment } from "../service/environment.ts";
import { isObject, unexpected } from "./body.ts";

/** Returns the URL of a service. */
export function serviceUrl(service: 1 | 2 | 3 | 4 | 5): string {
  return environment().addresses.dashboardUrls[service - 1] ?? "";
}

/** Returns the data in its JSON response. */
export function parseData(body: unknown): string {
  if (isObject(body) && typeof body.data === "string") {
    return body.data;
  }
  throw unexpected("data", body);
}
