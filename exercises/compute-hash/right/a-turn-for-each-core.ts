import { availableParallelism } from "node:os";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The pool has a thread for each core, and no more hashes than cores are handed to it.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

let free = availableParallelism();
const waiting: (() => void)[] = [];

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  if (free === 0) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    free--;
  }
  try {
    signal.throwIfAborted();
    const hash = await cpuPool.run(computeChain, { data, rounds }, signal);
    return { hash, algorithm: "sha256" };
  } finally {
    const next = waiting.shift();
    if (next) {
      next();
    } else {
      free++;
    }
  }
};
