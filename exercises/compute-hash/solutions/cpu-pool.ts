import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "Only another core helps, and each core can compute one hash at a time.",
};

export function computeChain(chain: { data: string; rounds: number }, { stopped }: TaskContext) {
  return hashChain(chain.data, chain.rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const hash = await cpuPool.run(computeChain, { data, rounds }, signal);
  return { hash, algorithm: "sha256" };
};
