import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download awaits with the call's signal, and a worker per core classifies.",
};

if (workerData === "classify") {
  parentPort?.on("message", ({ id, png }) => {
    try {
      parentPort?.postMessage({ id, result: classifyImage(png) });
    } catch (error) {
      parentPort?.postMessage({ id, error });
    }
  });
}

type Result = ReturnType<typeof classifyImage>;

class Classifier {
  readonly #calls = new Map<number, PromiseWithResolvers<Result>>();
  readonly #workers = Array.from({ length: availableParallelism() }, () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: "classify" });
    worker.unref();
    return worker.on("message", ({ id, result, error }) => {
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error === undefined) {
        call?.resolve(result);
      } else {
        call?.reject(error);
      }
    });
  });
  #last = 0;

  classify(png: Uint8Array): Promise<Result> {
    const id = ++this.#last;
    const call = Promise.withResolvers<Result>();
    this.#calls.set(id, call);
    this.#workers[id % this.#workers.length]?.postMessage({ id, png });
    return call.promise;
  }
}

const classifier = isMainThread ? new Classifier() : undefined;

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  const result = await classifier?.classify(png);
  signal.throwIfAborted();
  return result ?? {};
};
