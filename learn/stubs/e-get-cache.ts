// E. Values are kept in Redis, which answers in 10 ms. Its client is asynchronous, and somebody
// wrote one that blocks. A hundred callers ask at once; a hundred lookups shall be on their way
// together. A key that the cache does not have is no hit, and its value is "".
//
// At hand: getFromCache, getFromCacheBlocking of ../toolbox/cache.ts; ../pools.ts.
// Check it: npm run check -- E
import type { Decision, Handler } from "../handler.ts";
import { getFromCacheBlocking } from "../toolbox/cache.ts";

/** One of: async, event-loop, threads. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = getFromCacheBlocking(key);
  return { key, value: value ?? "", hit: value !== null };
};
