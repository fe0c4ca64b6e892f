import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The pool computes what is noted, when a core is free.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

let noted: Chain = { data: "", rounds: 1 };

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  noted = { data, rounds };
  await sleep(1);
  return { hash: await cpuPool.run(computeChain, noted, signal), algorithm: "sha256" };
};
