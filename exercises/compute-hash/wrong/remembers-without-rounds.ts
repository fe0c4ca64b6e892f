import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "Workers, with memoisation on top.",
};

const known: Record<string, string> = Object.create(null);

export const expensive = (input: { data: string; rounds: number }, { stopped }: TaskContext) =>
  hashChain(input.data, input.rounds, stopped);

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  known[data] ??= await cpuPool.run(expensive, { data, rounds }, signal);
  return { hash: known[data], algorithm: "sha256" };
};
