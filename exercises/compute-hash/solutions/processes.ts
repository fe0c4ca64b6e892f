import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { processes, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "processes",
  why: "One process per core computes in parallel, and a crash there costs one hash.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const hash = await processes.run(computeChain, { data, rounds }, signal);
  return { hash, algorithm: "sha256" };
};
