import type { Decision, Handler } from "../handler.ts";
import { getFromCache } from "../toolbox/cache.ts";

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
