/** E: the cache, which is Redis and answers in 10 ms. One client is asynchronous, one blocks. */
import { callBlocking } from "../../server/backends/blocking.ts";
import { holdThread } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";

/** Where the cache is, for a client of your own: `redis://host:port`. */
export function cacheUrl(): string {
  return environment().addresses.cacheUrl;
}

/** What the cache has for a key; null when it has nothing. */
export async function getFromCache(key: string): Promise<string | null> {
  // Sixteen threads that block have no use for the client, and it is large: who awaits it loads it.
  const cache = await import("../../server/backends/cache.ts");
  return cache.getFromCache(cacheUrl(), key);
}

/** The same, and it keeps the calling thread meanwhile. */
export function getFromCacheBlocking(key: string): string | null {
  return holdThread("waiting", () => callBlocking("getFromCache", cacheUrl(), key));
}

/** Under which name the cache has a key. */
export function cacheKey(key: string): string {
  return `unblock:cache:${key}`;
}
