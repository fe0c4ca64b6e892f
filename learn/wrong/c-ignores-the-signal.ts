import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "A hash needs a core, and there is a worker thread for each.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  return { hash: await workers.run(computeChain, { data, rounds }), algorithm: "sha256" };
};
