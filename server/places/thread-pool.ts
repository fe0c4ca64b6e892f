import { KeptThread } from "./kept-thread.ts";
import { createRunnerPool, type RunnerPlace } from "./runner-pool.ts";

/** The time that a task has to end by itself when nobody wants its result any more, in milliseconds. */
const stopMs = 5_000;

/**
 * A place made of `size` worker threads, all started at once and kept.
 *
 * The queue is in front of Piscina, never in it: Piscina's own is not bounded for tasks that can be
 * aborted, nor strictly first in, first out.
 *
 * @param log told of tasks that are lost with their thread; by default nobody is
 */
export function createThreadPool(
  name: string,
  size: number,
  maxQueue: number,
  log: (message: string) => void = () => {},
): RunnerPlace {
  const start = () => new KeptThread(name, log);
  return createRunnerPool({ name, size, maxQueue, kind: "thread", stopMs, start, log });
}
