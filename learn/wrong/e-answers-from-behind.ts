import type { Decision, Handler } from "../handler.ts";
import { getFromCache } from "../toolbox/cache.ts";

export const decision: Decision = {
  strategy: "async",
  why: "Lookups that wait are answered as values arrive, the latest first.",
};

const waiting: ((value: string | null) => void)[] = [];

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await new Promise<string | null>((resolve, reject) => {
    waiting.push(resolve);
    getFromCache(key).then((found) => waiting.pop()?.(found), reject);
  });
  return { key, value: value ?? "", hit: value !== null };
};
