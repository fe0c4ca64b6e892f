import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "A class of mine keeps ten threads with the driver, and lends them to one call at a time.",
};

class ThreadPool<In, Out> {
  readonly #free: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  constructor(size: number, file: URL) {
    for (let n = 0; n < size; n++) {
      const worker = new Worker(file, { env: { ROLE: "find-user" } });
      worker.setMaxListeners(0);
      worker.unref();
      this.#free.push(worker);
    }
  }

  async run(input: In, signal: AbortSignal): Promise<Out> {
    const worker = await this.#lend(signal);
    try {
      worker.postMessage(input);
      const [{ value, problem }] = await once(worker, "message");
      if (problem !== undefined) throw new Error(problem);
      return value;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(worker);
      else this.#free.push(worker);
    }
  }

  #lend(signal: AbortSignal): Promise<Worker> {
    signal.throwIfAborted();
    const worker = this.#free.pop();
    if (worker) return Promise.resolve(worker);
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener(
        "abort",
        () => {
          const at = this.#waiting.indexOf(resolve);
          if (at >= 0) {
            this.#waiting.splice(at, 1);
            reject(signal.reason);
          }
        },
        { once: true },
      );
    });
  }
}

if (process.env.ROLE === "find-user") {
  parentPort?.on("message", (id: number) => {
    try {
      const { name, email } = findUserBlocking(id);
      parentPort?.postMessage({ value: { name, email } });
    } catch (error) {
      parentPort?.postMessage({ problem: error instanceof Error ? error.message : "?" });
    }
  });
}

const pool = isMainThread
  ? new ThreadPool<number, { name: string; email: string }>(10, new URL(import.meta.url))
  : undefined;

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const user = await pool?.run(userId, signal);
  if (!user) throw new Error("no pool");
  return { userId, ...user };
};
