import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "One connection carries a hundred lookups at once, and none of them needs a thread.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCache(key);
  return { key, value: value ?? "", hit: value !== null };
};
