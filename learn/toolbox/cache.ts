/** E: the cache, a Redis that responds in 10 ms, with an asynchronous and a blocking client. */
import { callBlocking } from "@unblock/backends/blocking";
import { holdThread } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";

/** Returns the URL of the cache for your own client: `redis://host:port`. */
export function cacheUrl(): string {
  return environment().addresses.cacheUrl;
}

/** Returns the value of a key; null when there is none. */
export async function getFromCache(key: string): Promise<string | null> {
  // The client is large, and blocking threads do not need it.
  const cache = await import("@unblock/backends/cache");
  return cache.getFromCache(cacheUrl(), key);
}

/** Does the same, and blocks the calling thread. */
export function getFromCacheBlocking(key: string): string | null {
  return holdThread("waiting", () => callBlocking("getFromCache", cacheUrl(), key));
}

export function cacheKey(key: string): string {
  return `unblock:cache:${key}`;
}
