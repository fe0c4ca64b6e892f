import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "workers",
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
  return { hash: await workers.run(computeChain, noted, signal), algorithm: "sha256" };
};
