import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import { KeptThread } from "./kept-thread.ts";
import type { Place } from "./place.ts";
import { fromOutcome } from "./remote.ts";
import { closeMs, longestTaskMs } from "./task-limits.ts";
import type { ThreadTaskMessage } from "./thread-pool-worker.ts";

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
): Place {
  const admission = new Admission(name, size, maxQueue);
  const threads = Array.from({ length: size }, () => new KeptThread(name, log));
  // The first that is free: those that worked last have their code compiled and their connections made.
  const freeThread = (): KeptThread => {
    const thread = threads.find(({ isReady }) => isReady) ?? threads.find(({ isFree }) => isFree);
    if (thread === undefined) {
      throw new Error("Expected a thread for each task inside, got none");
    }
    return thread;
  };

  return {
    name,
    run: (task, input, signal) => {
      const submittedMs = monotonicMs();
      return admission.run(async () => {
        // To kill the thread is the last resort. A flag lets the task end by itself.
        const stopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
        const message: ThreadTaskMessage = {
          module: task.module,
          name: task.name,
          input,
          place: name,
          stopFlag,
        };
        const kill = new AbortController();
        const limit = setTimeout(
          () => kill.abort(`it did not end within ${longestTaskMs} ms, so its thread was stopped`),
          longestTaskMs,
        );
        let grace: NodeJS.Timeout | undefined;
        const giveUp = () => {
          Atomics.store(stopFlag, 0, 1);
          grace = setTimeout(
            () =>
              kill.abort(
                `it went on for ${stopMs} ms when nobody wanted it any more, so its thread was stopped`,
              ),
            stopMs,
          );
        };
        signal.addEventListener("abort", giveUp, { once: true });
        try {
          const outcome = await freeThread().run<Awaited<ReturnType<typeof task.run>>>(
            message,
            kill,
          );
          admission.addCpu(outcome.cpuMs);
          return fromOutcome(outcome, submittedMs);
        } finally {
          signal.removeEventListener("abort", giveUp);
          clearTimeout(limit);
          clearTimeout(grace);
        }
      }, signal);
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: async () => {
      await admission.idle(closeMs);
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}
