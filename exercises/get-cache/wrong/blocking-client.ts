import { getFromCacheBlocking } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "A lookup of 10 ms in an async function is over before anybody notices.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCacheBlocking(key);
  return { key, value: value ?? "", hit: value !== null };
};
