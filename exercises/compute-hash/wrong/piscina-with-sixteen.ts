import { isMainThread } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "Piscina keeps sixteen threads, which compute sixteen hashes at once.",
};

interface Chain {
  readonly data: string;
  readonly rounds: number;
}

export function computeInThread({ data, rounds }: Chain): string {
  return hashChain(data, rounds);
}

const pool = isMainThread
  ? new Piscina({ filename: import.meta.url, minThreads: 16, maxThreads: 16 })
  : undefined;

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const hash = await pool?.run({ data, rounds }, { name: "computeInThread", signal });
  return { hash, algorithm: "sha256" };
};
