import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "What the cache said once is kept here, which is faster still.",
};

const known = new Map<string, string | null>();

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = known.get(key) ?? (await getFromCache(key));
  known.set(key, value);
  return { key, value: value ?? "", hit: value !== null };
};
