import { threadId } from "node:worker_threads";
import { monotonicMs, threadCpuMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import {
  closeMs,
  exitWithout,
  reportStuck,
  reportUnstuck,
  type StuckPlace,
  stuckMs,
} from "./lost-task.ts";
import type { LocalContext, Place, PlacesConfig, Ran, RanOn, Task } from "./place.ts";

/**
 * The thread that also serves every other call. Right for work that awaits; whatever blocks or
 * computes here stops everyone.
 *
 * Waiting needs no thread, so what is bounded is only how many calls are in progress (`maxQueue`):
 * they begin at once, or are refused.
 */
export function createEventLoop({ maxQueue }: PlacesConfig): Place<LocalContext> {
  return createLocalPlace("event-loop", maxQueue, 0, { thread: threadId });
}

const name = "libuv";

/**
 * libuv's thread pool, where fs/promises, asynchronous crypto, zlib and dns.lookup run. One for the
 * whole process, sized once, when it is first used (`UV_THREADPOOL_SIZE`, 4 unless set). Its threads
 * have no numbers.
 *
 * Tasks are admitted fewer at a time than the pool has threads: what waits then waits in a queue
 * that can be seen, bounded and left, and libuv's own offers none of that. And when a disk hangs, and with
 * it every task, the server still has threads for its own compression, files and name lookups.
 *
 * No thread of the pool can be ended. A task that goes on when nobody waits for it keeps its slot, counts
 * as stuck, and is not replaced.
 */
export function createLibuv({ libuvThreads, maxQueue, log }: PlacesConfig): Place<LocalContext> {
  const admission = new Admission(name, tasksOf(libuvThreads), maxQueue);
  const ranOn: RanOn = { place: name, pid: process.pid };
  const place: StuckPlace = { name, admission, kind: "task", log };
  return {
    name,
    run: (task, input, call) => {
      const { signal } = call;
      const submittedMs = monotonicMs();
      return admission.run(async (slot) => {
        let isStuck = false;
        let timer: NodeJS.Timeout | undefined;
        const stick = () => {
          isStuck = true;
          const what = `it went on for ${stuckMs} ms when nobody wanted it any more`;
          reportStuck(place, slot, task.name, what);
        };
        const giveUp = () => {
          timer = setTimeout(stick, stuckMs);
        };
        signal.addEventListener("abort", giveUp, { once: true });
        try {
          return await runHere(task, input, signal, submittedMs, ranOn);
        } finally {
          signal.removeEventListener("abort", giveUp);
          clearTimeout(timer);
          if (isStuck) {
            reportUnstuck(place);
          }
        }
      }, call);
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: async () => {
      await admission.idle(closeMs);
      if (admission.vitals().running > 0) {
        exitWithout(admission);
      }
    },
  };
}

/** One thread in eight is kept free of tasks, and at least one, where there is more than one. */
function tasksOf(libuvThreads: number): number {
  return Math.max(1, libuvThreads - Math.max(1, Math.floor(libuvThreads / 8)));
}

/**
 * A place whose tasks are run by this very thread.
 *
 * @param size how many may be in progress at once
 * @param maxQueue how many more may wait
 * @param thread what the place says of where it ran, besides its name and process
 */
export function createLocalPlace(
  name: string,
  size: number,
  maxQueue: number,
  thread: Pick<RanOn, "thread">,
): Place<LocalContext> {
  const admission = new Admission(name, size, maxQueue);
  const ranOn: RanOn = { place: name, pid: process.pid, ...thread };
  return {
    name,
    run: (task, input, call) => {
      const submittedMs = monotonicMs();
      return admission.run(() => runHere(task, input, call.signal, submittedMs, ranOn), call);
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: () => admission.idle(closeMs),
  };
}

/** Runs a task in this very thread. */
async function runHere<Input, Output>(
  task: Task<Input, Output, LocalContext>,
  input: Input,
  signal: AbortSignal,
  submittedMs: number,
  ranOn: RanOn,
): Promise<Ran<Output>> {
  const startedMs = monotonicMs();
  const startedCpuMs = threadCpuMs();
  const result = task.run(input, { signal, stopped: () => signal.aborted });
  const cpuMs = threadCpuMs() - startedCpuMs;
  // Work that never waited has ended here; to await it would count what others do meanwhile.
  const value = result instanceof Promise ? await result : result;
  const endedMs = monotonicMs();
  return {
    value,
    ranOn,
    beganMs: submittedMs,
    timing: [
      { name: "queue", ms: startedMs - submittedMs },
      { name: "work", ms: endedMs - startedMs },
    ],
    cpuMs,
  };
}
