import type { Decision, Handler } from "../handler.ts";
import { processes, type TaskContext } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "processes",
  why: "A process for each core computes, and a crash there takes one hash along.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

class Hasher {
  compute(chain: Chain, signal: AbortSignal): Promise<string> {
    return processes.run(computeChain, chain, signal);
  }
}

const hasher = new Hasher();

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  return { hash: await hasher.compute({ data, rounds }, signal), algorithm: "sha256" };
};
