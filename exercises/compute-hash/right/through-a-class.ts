import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { processes, type TaskContext } from "@unblock/learn/toolbox/pools";

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
