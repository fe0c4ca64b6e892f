/** G: the analytics service, which takes 200 ms to accept an event. */
import { environment } from "../service/environment.ts";

/** Returns the URL to which events are posted. */
export function analyticsUrl(): string {
  return environment().addresses.analyticsUrl;
}
