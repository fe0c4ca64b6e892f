import { hash } from "node:crypto";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
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
  const result = await cpuPool.run(nodeChain, { data, rounds }, signal);
  return { hash: result, algorithm: "sha256" };
};
