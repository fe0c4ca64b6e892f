/** G: the analytics service, which takes 200 ms to accept an event. */
import { environment } from "../service/environment.ts";

/** Where events go, by POST with fetch(). */
export function analyticsUrl(): string {
  return environment().addresses.analyticsUrl;
}
