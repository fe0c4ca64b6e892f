import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The connection carries one lookup, so a second caller is told to come back.",
};

let isBusy = false;

export const handler: Handler<"getCache"> = async ({ key }) => {
  if (isBusy) {
    throw new Error("The cache is busy");
  }
  isBusy = true;
  try {
    const value = await getFromCache(key);
    return { key, value: value ?? "", hit: value !== null };
  } finally {
    isBusy = false;
  }
};
