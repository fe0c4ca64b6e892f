import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "My pool has a worker per core and a queue; whoever goes away gets an error at once.",
};

if (workerData === "hash") {
  parentPort?.on("message", ({ id, data, rounds }) => {
    parentPort?.postMessage({ id, hash: hashChain(data, rounds) });
  });
}

class Pool {
  readonly #workers: Worker[];
  readonly #calls = new Map<number, (hash: string) => void>();
  #last = 0;

  constructor(size: number) {
    this.#workers = Array.from({ length: size }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: "hash" });
      worker.unref();
      return worker.on("message", ({ id, hash }) => {
        this.#calls.get(id)?.(hash);
        this.#calls.delete(id);
      });
    });
  }

  hash(data: string, rounds: number, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#calls.set(id, resolve);
      this.#workers[id % this.#workers.length]?.postMessage({ id, data, rounds });
    });
  }
}

const pool = isMainThread ? new Pool(availableParallelism()) : undefined;

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  return { hash: (await pool?.hash(data, rounds, signal)) ?? "", algorithm: "sha256" };
};
