import { hash } from "node:crypto";
import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The hashes of node:crypto are as good, and each core computes one in the pool.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function nodeChain({ data, rounds }: Chain, { stopped }: TaskContext): string {
  let digest = hash("sha256", data, "buffer");
  for (let round = 1; round < rounds; round++) {
    if (round % 1_000 === 0 && stopped()) {
      throw new Error("Nobody waits for the hash any more");
    }
    digest = hash("sha256", digest, "buffer");
  }
  return digest.toString("hex");
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const result = await workers.run(nodeChain, { data, rounds }, signal);
  return { hash: result, algorithm: "sha256" };
};
