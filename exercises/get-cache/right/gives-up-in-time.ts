import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The lookup needs no thread, and who has gone or waits for a second hears so.",
};

export const handler: Handler<"getCache"> = async ({ key }, signal) => {
  const either = AbortSignal.any([signal, AbortSignal.timeout(1_000)]);
  either.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(either.reason);
  either.addEventListener("abort", giveUp, { once: true });
  try {
    const value = await Promise.race([getFromCache(key), promise]);
    return { key, value: value ?? "", hit: value !== null };
  } finally {
    either.removeEventListener("abort", giveUp);
  }
};
