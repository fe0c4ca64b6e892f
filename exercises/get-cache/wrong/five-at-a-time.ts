import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and five lookups at once are kind to the cache.",
};

let running = 0;
const waiting: (() => void)[] = [];

export const handler: Handler<"getCache"> = async ({ key }) => {
  while (running >= 5) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running++;
  try {
    const value = await getFromCache(key);
    return { key, value: value ?? "", hit: value !== null };
  } finally {
    running--;
    waiting.shift()?.();
  }
};
