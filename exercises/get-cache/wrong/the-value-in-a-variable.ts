import { setTimeout as sleep } from "node:timers/promises";
import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

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
