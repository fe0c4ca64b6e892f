import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "Non-blocking Redis client.",
};

const normalise = (key: string) => key.normalize("NFKC").trim().toLowerCase();

export const handler: Handler<"getCache"> = async ({ key: rawKey }) => {
  const key = normalise(rawKey);
  const value = await getFromCache(key);
  return { key, value: value ?? "", hit: value !== null };
};
