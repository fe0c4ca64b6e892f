import { setImmediate as turn } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Four workers look for work in shared memory, which is faster than messages.",
};

const slots = 12;
const state: Int32Array = isMainThread
  ? new Int32Array(new SharedArrayBuffer(4 * slots * 2))
  : workerData.state;

if (!isMainThread && workerData?.role === "spin") {
  const { slot } = workerData;
  for (;;) {
    // 1: asked
    while (Atomics.load(state, slot) !== 1) {
      if (Atomics.load(state, slot) === 9) process.exit();
    }
    const { name, email } = findUserBlocking(Atomics.load(state, slots + slot));
    Atomics.store(state, slot, 0);
    parentPort?.postMessage({ name, email });
  }
}

const workers = isMainThread
  ? Array.from({ length: 4 }, (_, slot) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { role: "spin", slot, state },
      });
      worker.unref();
      return worker;
    })
  : [];
const free = workers.map((_, slot) => slot);

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  let slot = free.pop();
  while (slot === undefined) {
    await turn();
    signal.throwIfAborted();
    slot = free.pop();
  }
  const worker = workers[slot];
  const at = slot;
  try {
    const { name, email } = await new Promise<{ name: string; email: string }>((resolve) => {
      worker?.once("message", resolve);
      Atomics.store(state, slots + at, userId);
      Atomics.store(state, at, 1);
    });
    return { userId, name, email };
  } finally {
    free.push(at);
  }
};
