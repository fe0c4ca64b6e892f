import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "Workers, with memoisation on top.",
};

const known: Record<string, string> = Object.create(null);

export const expensive = (input: { data: string; rounds: number }, { stopped }: TaskContext) =>
  hashChain(input.data, input.rounds, stopped);

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  known[data] ??= await workers.run(expensive, { data, rounds }, signal);
  return { hash: known[data], algorithm: "sha256" };
};
