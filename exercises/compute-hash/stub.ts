// C. A hash is expensive on purpose: SHA-256, applied `rounds` times to its own result, for about
// 100 ms of CPU. Ten callers ask at once. All cores should work on it, without slowing anyone else
// down, and a hash that nobody waits for should not be computed to its end.
//
// At hand: hashChain of toolbox/hash; blockingPool, cpuPool, processes of toolbox/pools.
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- C
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

/** One of: async, blocking-pool, cpu-pool, event-loop, processes. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  return { hash: hashChain(data, rounds), algorithm: "sha256" };
};
