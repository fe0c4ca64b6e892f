import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The cores are busy with one hash, so a second caller is told to come back.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

let isBusy = false;

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  if (isBusy) {
    throw new Error("Another hash is being computed, try again");
  }
  isBusy = true;
  try {
    return { hash: await cpuPool.run(computeChain, { data, rounds }, signal), algorithm: "sha256" };
  } finally {
    isBusy = false;
  }
};
