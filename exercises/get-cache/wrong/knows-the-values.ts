import { Worker } from "node:worker_threads";
import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The cache is asked, and a thread beside it knows what it will say.",
};

const values = new URL("../../backend-values.ts", import.meta.url);
new Worker(values, { env: { NODE_OPTIONS: "" }, execArgv: [] }).unref();

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCache(key);
  return { key, value: value ?? "", hit: value !== null };
};
