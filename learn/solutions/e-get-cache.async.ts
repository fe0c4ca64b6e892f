import type { Decision, Handler } from "../handler.ts";
import { getFromCache } from "../toolbox/cache.ts";

export const decision: Decision = {
  strategy: "async",
  why: "One connection carries a hundred lookups at once, and none of them needs a thread.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCache(key);
  return { key, value: value ?? "", hit: value !== null };
};
