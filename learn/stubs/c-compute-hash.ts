// C. A hash is expensive on purpose: SHA-256, applied `rounds` times to its own result, until some
// 100 ms of CPU are spent. Ten callers ask at once. All cores shall work on it, nobody else shall
// notice, and a hash that nobody waits for any more shall not be computed to its end.
//
// At hand: hashChain of ../toolbox/hash.ts; threads, workers, processes of ../pools.ts.
// Check it: npm run check -- C
import type { Decision, Handler } from "../handler.ts";
import { hashChain } from "../toolbox/hash.ts";

/** One of: async, event-loop, processes, threads, workers. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  return { hash: hashChain(data, rounds), algorithm: "sha256" };
};
