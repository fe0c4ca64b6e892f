import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "Callers who ask for one key at the same moment share its lookup, without a thread.",
};

const inProgress = new Map<string, Promise<string | null>>();

function lookUp(key: string): Promise<string | null> {
  const known = inProgress.get(key);
  if (known) {
    return known;
  }
  const lookup = getFromCache(key).finally(() => inProgress.delete(key));
  inProgress.set(key, lookup);
  return lookup;
}

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await lookUp(key);
  return { key, value: value ?? "", hit: value !== null };
};
