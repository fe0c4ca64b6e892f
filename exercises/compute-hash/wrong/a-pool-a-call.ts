import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "Each call has a pool of its own, so that no hash waits for another.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeInThread({ data, rounds }: Chain): string {
  return hashChain(data, rounds);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const pool = new Piscina({ filename: import.meta.url, maxThreads: 1 });
  try {
    const hash = await pool.run({ data, rounds }, { name: "computeInThread", signal });
    return { hash, algorithm: "sha256" };
  } finally {
    await pool.destroy();
  }
};
