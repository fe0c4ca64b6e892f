import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, threads } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The hashes leave the event loop, though there are more threads than cores.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const hash = await threads.run(computeChain, { data, rounds }, signal);
  return { hash, algorithm: "sha256" };
};
