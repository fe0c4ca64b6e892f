import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { processes, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "processes",
  why: "One process per core computes in parallel, and a crash there costs one hash.",
};

export function computeChain(chain: { data: string; rounds: number }, { stopped }: TaskContext) {
  return hashChain(chain.data, chain.rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const hash = await processes.run(computeChain, { data, rounds }, signal);
  return { hash, algorithm: "sha256" };
};
