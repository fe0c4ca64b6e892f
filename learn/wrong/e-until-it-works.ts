import type { Decision, Handler } from "../handler.ts";
import { getFromCache } from "../toolbox/cache.ts";

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
