import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A hash that two threads agree on is surely right.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function compute({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const [hash, again] = await Promise.all([
    cpuPool.run(compute, { data, rounds }, signal),
    cpuPool.run(compute, { data, rounds }, signal),
  ]);
  if (hash !== again) throw new Error("A thread has miscounted");
  return { hash, algorithm: "sha256" };
};
