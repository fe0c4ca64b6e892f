import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous. It has one connection, so the lookups take turns.",
};

let last: Promise<unknown> = Promise.resolve();

export const handler: Handler<"getCache"> = async ({ key }) => {
  const lookup = last.then(() => getFromCache(key));
  last = lookup.catch(() => {});
  const value = await lookup;
  return { key, value: value ?? "", hit: value !== null };
};
