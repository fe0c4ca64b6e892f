import { callBlocking } from "@unblock/backends/blocking";
import { getFromCache, putInCache } from "@unblock/backends/cache";

export interface LookupInput {
  readonly cacheUrl: string;
  readonly key: string;
}

export interface Lookup {
  readonly value: string;
  readonly hit: boolean;
}

/** Value that a miss puts into the cache; the origin has the same value for every key. */
const originValue = "cached_data";

/** Waits without a thread; a miss fills the cache. */
export async function lookUp({ cacheUrl, key }: LookupInput): Promise<Lookup> {
  const value = await getFromCache(cacheUrl, key);
  if (value !== null) {
    return { value, hit: true };
  }
  await putInCache(cacheUrl, key, originValue);
  return { value: originValue, hit: false };
}

/** The same, but blocks its thread. */
export function lookUpBlocking({ cacheUrl, key }: LookupInput): Lookup {
  const value = callBlocking("getFromCache", cacheUrl, key);
  if (value !== null) {
    return { value, hit: true };
  }
  callBlocking("putInCache", cacheUrl, key, originValue);
  return { value: originValue, hit: false };
}
