import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "Threads of mine classify one picture per core; one whose caller has gone is replaced.",
};

type Result = ReturnType<typeof classifyImage>;

if (!isMainThread && process.env.CLASSIFIER) {
  parentPort?.on("message", (png: Uint8Array) => {
    try {
      parentPort?.postMessage({ result: classifyImage(png) });
    } catch (error) {
      parentPort?.postMessage({ problem: String(error) });
    }
  });
}

class Classifiers {
  readonly #idle: Worker[] = [];
  readonly #turns: (() => void)[] = [];

  constructor(size: number) {
    for (let n = 0; n < size; n++) this.#hire();
  }

  #hire(): void {
    const worker = new Worker(new URL(import.meta.url), { env: { CLASSIFIER: "yes" } });
    worker.unref();
    this.#release(worker);
  }

  #release(worker: Worker): void {
    this.#idle.push(worker);
    this.#turns.shift()?.();
  }

  async classify(png: Uint8Array, signal: AbortSignal): Promise<Result> {
    let worker = this.#idle.pop();
    while (!worker) {
      await new Promise<void>((resolve) => this.#turns.push(resolve));
      if (signal.aborted) {
        this.#turns.shift()?.();
        throw signal.reason;
      }
      worker = this.#idle.pop();
    }
    const mine = worker;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const onMessage = ({ result, problem }: { result?: Result; problem?: string }) => {
      signal.removeEventListener("abort", onAbort);
      this.#release(mine);
      if (result) resolve(result);
      else reject(new Error(problem));
    };
    const onAbort = () => {
      mine.off("message", onMessage);
      void mine.terminate();
      this.#hire();
      reject(signal.reason);
    };
    mine.once("message", onMessage);
    signal.addEventListener("abort", onAbort, { once: true });
    mine.postMessage(png);
    return promise;
  }
}

const classifiers = isMainThread ? new Classifiers(availableParallelism()) : undefined;

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  signal.throwIfAborted();
  return (await classifiers?.classify(png, signal)) ?? {};
};
