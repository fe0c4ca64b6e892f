import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous; sixty lookups at once are enough for the cache.",
};

let running = 0;
const waiting: (() => void)[] = [];

export const handler: Handler<"getCache"> = async ({ key }) => {
  while (running >= 60) {
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
