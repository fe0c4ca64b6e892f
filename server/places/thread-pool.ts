import { Piscina } from "piscina";
import { monotonicMs } from "../../registry/clock.ts";
import { Failure } from "../errors.ts";
import { Admission } from "./admission.ts";
import type { Place } from "./place.ts";
import { fromOutcome } from "./remote.ts";
import type { TaskOutcome } from "./task-runner.ts";
import type { ThreadTaskMessage } from "./thread-pool-worker.ts";

/** A task that takes longer will never end, in milliseconds. */
const longestTaskMs = 60_000;
/** The time that a task has to end by itself when nobody wants its result any more, in milliseconds. */
const stopMs = 5_000;

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
        // Piscina's own abort kills the thread, which is the last resort. A flag lets the task end by
        // itself.
        const stopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
        const stop = () => Atomics.store(stopFlag, 0, 1);
        const message: ThreadTaskMessage = {
          module: task.module,
          name: task.name,
          input,
          place: name,
          stopFlag,
        };
        const kill = new AbortController();
        const limit = setTimeout(() => kill.abort(), longestTaskMs);
        let grace: NodeJS.Timeout | undefined;
        const giveUp = () => {
          stop();
          grace = setTimeout(() => kill.abort(), stopMs);
        };
        signal.addEventListener("abort", giveUp, { once: true });
        try {
          const outcome: TaskOutcome<Awaited<ReturnType<typeof task.run>>> = await pool
            .run(message, { signal: kill.signal })
            .catch((error: unknown) => {
              throw threadLost(name, task.name, kill.signal.aborted, error);
            });
          admission.addCpu(outcome.cpuMs);
          return fromOutcome(outcome, submittedMs);
        } finally {
          signal.removeEventListener("abort", giveUp);
          clearTimeout(limit);
          clearTimeout(grace);
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

/** Piscina starts another thread in its place. */
function threadLost(place: string, task: string, killed: boolean, error: unknown): Failure {
  const reason = killed
    ? `${task} did not end in time, so its thread was stopped`
    : `its thread died in the middle of ${task}: ${error instanceof Error ? error.message : error}`;
  return new Failure("unavailable", `The place "${place}" lost a task: ${reason}.`, {
    cause: error,
  });
}
