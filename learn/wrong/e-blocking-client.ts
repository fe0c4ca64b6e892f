import type { Decision, Handler } from "../handler.ts";
import { getFromCacheBlocking } from "../toolbox/cache.ts";

export const decision: Decision = {
  strategy: "async",
  why: "A lookup of 10 ms in an async function is over before anybody notices.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCacheBlocking(key);
  return { key, value: value ?? "", hit: value !== null };
};
