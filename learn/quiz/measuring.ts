import { stat } from "node:fs/promises";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Task } from "@unblock/executors/executor";
import { createThreadPool } from "@unblock/executors/thread-pool";
import { monotonicMs } from "@unblock/measure/clock";
import { work } from "./work.ts";

/** Figures of a measurement, with units in their names. */
export type Figures = Readonly<Record<string, number>>;

/** Impact of work on the process that it ran in. */
export interface Impact extends Figures {
  readonly wallMs: number;
  /** Longest time without a turn of the event loop. */
  readonly loopHeldMs: number;
  /** Utilization of the event loop, from 0 to 1. */
  readonly loopBusy: number;
  /**
   * Turns of the event loop during the work. At 0 everything else in the process waited for all of
   * it.
   */
  readonly loopTurns: number;
  /** Longest time of an `fs.stat` that was due every millisecond. */
  readonly fileWaitedMs: number;
}

/**
 * Measures the way named by the process's first argument and prints its figures as one line of
 * JSON.
 *
 * @param ways get the amount of work and a folder that is removed afterwards: the arguments 3 and 2
 */
export async function measureWay(
  ways: Readonly<Record<string, (figure: number, folder: string) => Promise<Figures>>>,
): Promise<void> {
  const [, , name = "", folder = "", figure] = process.argv;
  const measure = ways[name];
  if (measure === undefined) {
    throw new Error(`Expected one of ${Object.keys(ways).join(", ")}, got "${name}"`);
  }
  process.stdout.write(`${JSON.stringify(await measure(Number(figure), folder))}\n`);
}

/** Runs work and measures its impact on the event loop and on libuv's pool. */
export async function measureImpact(work: () => Promise<unknown>): Promise<Impact> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  // The first turns and the first stat of a process take longer than later ones.
  await stat(import.meta.filename);
  await sleep(20);
  delay.enable();
  const stopProbe = startLibuvProbe();
  // The monitor measures from its first turn on.
  await sleep(5);
  const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount;
  const turnsBefore = turns();
  const loopBefore = performance.eventLoopUtilization();
  const beganMs = monotonicMs();
  await work();
  const wallMs = monotonicMs() - beganMs;
  const { utilization: loopBusy } = performance.eventLoopUtilization(loopBefore);
  const loopTurns = turns() - turnsBefore;
  const fileWaitedMs = await stopProbe();
  // The length of a turn is recorded in the next one.
  await sleep(5);
  delay.disable();
  return { wallMs, loopHeldMs: delay.max / 1e6, loopBusy, loopTurns, fileWaitedMs };
}

/** @returns a function that stops the probe and returns its longest time in milliseconds */
function startLibuvProbe(): () => Promise<number> {
  let maxMs = 0;
  let stopped = false;
  const ended = (async () => {
    while (!stopped) {
      const dueMs = monotonicMs() + 1;
      await sleep(1);
      await stat(import.meta.filename);
      maxMs = Math.max(maxMs, monotonicMs() - dueMs);
    }
  })();
  return async () => {
    stopped = true;
    await ended;
    return maxMs;
  };
}

/** Threads that are started already, so that their start is not measured. */
export interface Pool extends AsyncDisposable {
  run<Input, Output>(task: Task<Input, Output>, input: Input): Promise<Output>;
}

const maxQueued = 10_000;

export async function openPool(size: number): Promise<Pool> {
  const pool = createThreadPool("quiz", size, maxQueued);
  const caller = { signal: new AbortController().signal };
  const run: Pool["run"] = async (task, input) => (await pool.run(task, input, caller)).value;
  // Enough tasks for each thread to get some.
  await Promise.all(Array.from({ length: 4 * size }, () => run(work.warmUp, null)));
  return { run, [Symbol.asyncDispose]: () => pool.close() };
}
