// E. Values are kept in Redis, which responds in 10 ms. Its client is asynchronous; there is also
// one that blocks. A hundred callers ask at once, and a hundred lookups should be in progress
// together. A key that the cache does not have is no hit: value "", hit false.
//
// At hand: getFromCache, getFromCacheBlocking of toolbox/cache; toolbox/pools.
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- E

import { getFromCacheBlocking } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

/** One of: async, blocking-pool, event-loop. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"getCache"> = async ({ key }, signal) => {
  const value = getFromCacheBlocking(key);
  return { key, value: value ?? "", hit: value !== null };
};
