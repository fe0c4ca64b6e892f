import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and a second lookup keeps the key warm for others.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = getFromCache(key);
  void value.then((text) => {
    if (text === null) {
      throw new Error(`${key} is not in the cache`);
    }
  });
  const found = await value;
  return { key, value: found ?? "", hit: found !== null };
};
