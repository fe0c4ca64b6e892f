import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A worker computes, and the loop looks at shared memory until the hash is there.",
};

if (workerData === "spin") {
  parentPort?.on("message", ({ data, rounds, done, into }) => {
    into.set(Buffer.from(hashChain(data, rounds), "latin1"));
    Atomics.store(done, 0, 1);
  });
}

const worker = isMainThread
  ? new Worker(new URL(import.meta.url), { workerData: "spin" })
  : undefined;
worker?.unref();

export const handler: Handler<"computeHash"> = ({ data, rounds }) => {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const into = new Uint8Array(new SharedArrayBuffer(64));
  worker?.postMessage({ data, rounds, done, into });
  while (Atomics.load(done, 0) === 0);
  return { hash: Buffer.from(into).toString("latin1"), algorithm: "sha256" };
};
