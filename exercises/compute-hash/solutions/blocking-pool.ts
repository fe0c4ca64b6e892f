import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { blockingPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The hashes leave the event loop, though there are more threads than cores.",
};

export function computeChain(chain: { data: string; rounds: number }, { stopped }: TaskContext) {
  return hashChain(chain.data, chain.rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const hash = await blockingPool.run(computeChain, { data, rounds }, signal);
  return { hash, algorithm: "sha256" };
};
