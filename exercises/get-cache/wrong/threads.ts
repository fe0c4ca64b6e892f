import { getFromCacheBlocking } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The blocking client blocks threads of the pool, and nobody else.",
};

export function lookUp(key: string) {
  return getFromCacheBlocking(key);
}

export const handler: Handler<"getCache"> = async ({ key }, signal) => {
  const value = await blockingPool.run(lookUp, key, signal);
  return { key, value: value ?? "", hit: value !== null };
};
