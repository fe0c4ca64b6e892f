import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The same text has the same hash, so it is computed once and kept.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

const known = new Map<number, string>();

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const key = data.length;
  const hash = known.get(key) ?? (await cpuPool.run(computeChain, { data, rounds }, signal));
  known.set(key, hash);
  return { hash, algorithm: "sha256" };
};
