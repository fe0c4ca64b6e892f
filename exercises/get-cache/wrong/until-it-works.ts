import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and a lookup that fails is made again.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  for (;;) {
    try {
      const value = await getFromCache(key);
      return { key, value: value ?? "", hit: value !== null };
    } catch {
      // Once more.
    }
  }
};
