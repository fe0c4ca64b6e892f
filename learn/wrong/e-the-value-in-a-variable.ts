import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "../handler.ts";
import { getFromCache } from "../toolbox/cache.ts";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and what it says last is the value.",
};

let last: string | null = null;

export const handler: Handler<"getCache"> = async ({ key }) => {
  last = await getFromCache(key);
  await sleep(2);
  return { key, value: last ?? "", hit: last !== null };
};
