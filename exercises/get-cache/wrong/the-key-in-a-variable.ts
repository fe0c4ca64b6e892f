import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and the key is noted until its value is there.",
};

let current = "";

export const handler: Handler<"getCache"> = async (request) => {
  current = request.key;
  const value = await getFromCache(current);
  return { key: current, value: value ?? "", hit: value !== null };
};
