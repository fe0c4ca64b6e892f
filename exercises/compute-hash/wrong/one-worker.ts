import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "One worker computes all hashes, and the loop is free.",
};

let last: Promise<unknown> = Promise.resolve();
let worker: Worker | undefined;

if (workerData === "hashes") {
  parentPort?.on("message", ({ data, rounds }) => {
    parentPort?.postMessage(hashChain(data, rounds));
  });
} else if (isMainThread) {
  worker = new Worker(new URL(import.meta.url), { workerData: "hashes" });
}

async function compute(data: string, rounds: number, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  worker?.postMessage({ data, rounds });
  const [hash] = worker ? await once(worker, "message") : [""];
  return hash;
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const mine = last.then(() => compute(data, rounds, signal));
  last = mine.catch(() => {});
  return { hash: await mine, algorithm: "sha256" };
};
