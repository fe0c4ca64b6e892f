import { Piscina } from "piscina";
import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import type { Place } from "./place.ts";
import { fromOutcome } from "./remote.ts";
import type { TaskOutcome } from "./task-runner.ts";
import type { ThreadTaskMessage } from "./thread-pool-worker.ts";

/**
 * A place made of `size` worker threads, all started at once and kept.
 *
 * The queue is in front of Piscina, never in it: Piscina's own is not bounded for tasks that can be
 * aborted, nor strictly first in, first out.
 */
export function createThreadPool(name: string, size: number, maxQueue: number): Place {
  const admission = new Admission(name, size, maxQueue);
  const pool = new Piscina({
    filename: new URL("./thread-pool-worker.ts", import.meta.url).href,
    minThreads: size,
    maxThreads: size,
    // Both pools run code that holds its thread until it is done, so a thread may sleep until the
    // next task wakes it, at a third of the cost of a message.
    atomics: "sync",
  });

  return {
    name,
    run: (task, input, signal) => {
      const submittedMs = monotonicMs();
      return admission.run(async () => {
        // Piscina's own abort kills the thread. A flag lets the task end by itself.
        const stopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
        const stop = () => Atomics.store(stopFlag, 0, 1);
        const message: ThreadTaskMessage = {
          module: task.module,
          name: task.name,
          input,
          place: name,
          stopFlag,
        };
        signal.addEventListener("abort", stop, { once: true });
        try {
          const outcome: TaskOutcome<Awaited<ReturnType<typeof task.run>>> =
            await pool.run(message);
          return fromOutcome(outcome, submittedMs);
        } finally {
          signal.removeEventListener("abort", stop);
        }
      }, signal);
    },
    vitals: () => admission.vitals(),
    restartWindow: () => admission.restartWindow(),
    close: async () => {
      await admission.idle();
      await pool.destroy();
    },
  };
}
