import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Task } from "@unblock/executors/executor";
import { createThreadPool } from "@unblock/executors/thread-pool";
import { monotonicMs } from "@unblock/measure/clock";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import type { Figures } from "./question.ts";
import { work } from "./work.ts";

/** Impact of work on the process that it ran in. */
export interface Impact extends Figures {
  readonly wallMs: number;
  /** Longest time without a turn of the event loop. */
  readonly loopHeldMs: number;
  readonly loopBusy: number;
  /** Turns of the event loop during the work. At 0 everything else in the process waited for all of it. */
  readonly loopTurns: number;
  /** Longest time of an `fs.stat` that was due every millisecond. */
  readonly fileWaitedMs: number;
}

/** Runs work and measures its impact on the event loop and on libuv's pool. */
export async function measureImpact(work: () => Promise<unknown>): Promise<Impact> {
  const loop = new EventLoopVitals();
  const window = loop.openWindow();
  // The first turns and the first stat of a process take longer than later ones.
  await stat(import.meta.filename);
  await sleep(20);
  let isOver = false;
  const probed = probeLibuv(() => isOver);
  await sleep(5);
  const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount;
  window.restart();
  const turnsBefore = turns();
  const beganMs = monotonicMs();
  await work();
  const wallMs = monotonicMs() - beganMs;
  const loopTurns = turns() - turnsBefore;
  const { delayMaxMs: loopHeldMs, utilization: loopBusy } = window.read();
  loop.close();
  isOver = true;
  return { wallMs, loopHeldMs, loopBusy, loopTurns, fileWaitedMs: await probed };
}

/** Probes libuv's pool until the work is over. @returns the longest time in milliseconds */
async function probeLibuv(isOver: () => boolean): Promise<number> {
  let maxMs = 0;
  while (!isOver()) {
    const dueMs = monotonicMs() + 1;
    await sleep(1);
    await stat(import.meta.filename);
    maxMs = Math.max(maxMs, monotonicMs() - dueMs);
  }
  return maxMs;
}

const maxQueued = 10_000;

/** Opens a pool of threads that are started already, so that their start is not measured. */
export async function openPool(size: number) {
  const pool = createThreadPool("quiz", size, maxQueued);
  const caller = { signal: new AbortController().signal };
  const run = async <Input, Output>(task: Task<Input, Output>, input: Input): Promise<Output> =>
    (await pool.run(task, input, caller)).value;
  // Enough tasks for each thread to get some.
  await Promise.all(Array.from({ length: 4 * size }, () => run(work.warmUp, null)));
  return { run, [Symbol.asyncDispose]: () => pool.close() };
}

/** Measures a task for each input, in a pool of threads. */
export async function measureInPool<Input, Output>(
  threads: number,
  task: Task<Input, Output>,
  inputs: readonly Input[],
): Promise<Impact> {
  await using pool = await openPool(threads);
  return await measureImpact(() => Promise.all(inputs.map((input) => pool.run(task, input))));
}
