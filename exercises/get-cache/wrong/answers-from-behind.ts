import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

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
