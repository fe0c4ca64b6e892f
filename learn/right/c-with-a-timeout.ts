import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "Each core computes one hash in the pool, for a minute at most.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const either = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
  return { hash: await workers.run(computeChain, { data, rounds }, either), algorithm: "sha256" };
};
