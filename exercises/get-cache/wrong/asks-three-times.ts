import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, so the cache may be asked thrice to be sure.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const [value] = await Promise.all([getFromCache(key), getFromCache(key), getFromCache(key)]);
  return { key, value: value ?? "", hit: value !== null };
};
