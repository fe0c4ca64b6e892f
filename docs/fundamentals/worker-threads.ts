import { once } from "node:events";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const tasks = 16;

interface Message {
  /** Copied for each thread. */
  readonly copied: number[];
  /** Shared by all threads: the number of tasks taken, and of tasks done. */
  readonly shared: Int32Array;
}

function takeTasks({ copied, shared }: Message): void {
  while (Atomics.add(shared, 0, 1) < tasks) {
    let sum = 0;
    for (let n = 0; n < 10_000_000; n++) sum = (Math.imul(sum, 31) + n) | 0;
    copied.push(sum);
    Atomics.add(shared, 1, 1);
  }
}

async function onThreads(count: number): Promise<void> {
  const workers = Array.from({ length: count }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const copied: number[] = [];
  const shared = new Int32Array(new SharedArrayBuffer(8));
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  const beganMs = performance.now();
  const ended = workers.map((worker) => once(worker, "message"));
  for (const worker of workers) worker.postMessage({ copied, shared } satisfies Message);
  await Promise.all(ended);
  const tookMs = performance.now() - beganMs;
  clearInterval(ticking);
  const loop = ticks > 0 ? "goes on" : "stands still";
  console.log(
    `shared memory: ${shared[1]} tasks done; copied list: ${copied.length}; loop: ${loop}`,
  );
  console.log(`here: ${tookMs.toFixed()} ms with ${count} thread${count > 1 ? "s" : ""}`);
}

if (isMainThread) {
  const cores = availableParallelism();
  for (const count of [1, cores, cores * 4]) await onThreads(count);
} else {
  parentPort?.postMessage("ready");
  parentPort?.once("message", (message: Message) => {
    takeTasks(message);
    parentPort?.postMessage("done");
  });
}
