import type { Decision, Handler } from "../handler.ts";
import { threads } from "../pools.ts";
import { getFromCacheBlocking } from "../toolbox/cache.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The blocking client blocks threads of the pool, and nobody else.",
};

export function lookUp(key: string) {
  return getFromCacheBlocking(key);
}

export const handler: Handler<"getCache"> = async ({ key }, signal) => {
  const value = await threads.run(lookUp, key, signal);
  return { key, value: value ?? "", hit: value !== null };
};
