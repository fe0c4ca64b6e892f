import { setImmediate as turn } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "Four workers look for ids in shared memory, which is faster than messages.",
};

const size = 4;
/** The id that each worker is asked for; 0 when it has nothing to do. */
const ids: Int32Array = isMainThread
  ? new Int32Array(new SharedArrayBuffer(4 * size))
  : workerData.ids;

if (!isMainThread && workerData.role === "spin") {
  const { slot } = workerData;
  for (;;) {
    const id = Atomics.load(ids, slot);
    if (id !== 0) {
      Atomics.store(ids, slot, 0);
      try {
        parentPort?.postMessage({ user: findUserBlocking(id) });
      } catch (error) {
        parentPort?.postMessage({ error });
      }
    }
  }
}

const workers = isMainThread ? Array.from({ length: size }, (_, slot) => start(slot)) : [];
const free = workers.map((worker, slot) => ({ worker, slot }));

function start(slot: number): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: { role: "spin", slot, ids } });
  worker.unref();
  return worker;
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  let mine = free.pop();
  while (!mine) {
    await turn(undefined, { signal });
    mine = free.pop();
  }
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof findUserBlocking>>();
  mine.worker.once("message", ({ user, error }) => (user ? resolve(user) : reject(error)));
  Atomics.store(ids, mine.slot, userId);
  try {
    const { name, email } = await promise;
    return { userId, name, email };
  } finally {
    free.push(mine);
  }
};
