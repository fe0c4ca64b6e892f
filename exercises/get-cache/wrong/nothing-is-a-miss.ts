import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and a value that is empty is none.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCache(key);
  return value ? { key, value, hit: true } : { key, value: "", hit: false };
};
