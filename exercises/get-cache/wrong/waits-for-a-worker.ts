import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "event-loop",
  why: "A worker asks the cache, and the loop waits for it, as the code is simpler so.",
};

const shared = new Int32Array(new SharedArrayBuffer(4));
let worker: Worker | undefined;

if (workerData?.shared) {
  parentPort?.on("message", async (key: string) => {
    const value = await getFromCache(key);
    parentPort?.postMessage(value);
    Atomics.store(workerData.shared, 0, 1);
    Atomics.notify(workerData.shared, 0);
  });
} else if (isMainThread) {
  worker = new Worker(new URL(import.meta.url), { workerData: { shared } });
}

export const handler: Handler<"getCache"> = async ({ key }) => {
  const answered = worker ? once(worker, "message") : undefined;
  Atomics.store(shared, 0, 0);
  worker?.postMessage(key);
  Atomics.wait(shared, 0, 0, 5_000);
  const [value] = (await answered) ?? [null];
  return { key, value: value ?? "", hit: value !== null };
};
