import { once } from "node:events";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A worker for each core; one whose caller has left is replaced, which stops it at once.",
};

if (workerData === "hash") {
  parentPort?.on("message", ({ data, rounds }) => {
    parentPort?.postMessage(hashChain(data, rounds));
  });
}

function start(): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: "hash" });
  worker.unref();
  return worker;
}

const idle = isMainThread ? Array.from({ length: availableParallelism() }, start) : [];
const waiting: (() => void)[] = [];

function release(worker: Worker): void {
  idle.push(worker);
  waiting.shift()?.();
}

/** Resolves when a worker may be idle, or the caller has left. */
function turn(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.push(resolve);
  signal.addEventListener("abort", () => {
    const at = waiting.indexOf(resolve);
    if (at >= 0) {
      waiting.splice(at, 1);
    }
    resolve();
  });
  return promise;
}

async function claim(signal: AbortSignal): Promise<Worker> {
  for (;;) {
    signal.throwIfAborted();
    const worker = idle.pop();
    if (worker !== undefined) {
      return worker;
    }
    await turn(signal);
  }
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const worker = await claim(signal);
  worker.postMessage({ data, rounds });
  try {
    const [hash] = await once(worker, "message", { signal });
    release(worker);
    return { hash, algorithm: "sha256" };
  } catch (error) {
    void worker.terminate();
    release(start());
    throw error;
  }
};
