import { threadId } from "node:worker_threads";
import { monotonicMs, threadCpuMs } from "@unblock/measure/clock";
import { Admission } from "./admission.ts";
import type { Executor, ExecutorsConfig, LocalContext, Ran, RanOn, Task } from "./executor.ts";
import {
  closeMs,
  exitWithout,
  reportStuck,
  reportUnstuck,
  type StuckExecutor,
  stuckMs,
} from "./lost-task.ts";

/**
 * The thread that serves every call. Right for work that awaits; work that blocks or computes here
 * delays everyone.
 *
 * Waiting needs no thread, so tasks start at once; `maxQueue` bounds how many are in progress.
 */
export function createEventLoop({ maxQueue }: ExecutorsConfig): Executor<LocalContext> {
  return createLocalExecutor("event-loop", maxQueue, 0, { thread: threadId });
}

const name = "libuv";

/**
 * libuv's thread pool, which runs fs/promises, asynchronous crypto, zlib and dns.lookup. There is
 * one per process, sized at its first use (`UV_THREADPOOL_SIZE`, 4 by default). Its threads have no
 * ids.
 *
 * Fewer tasks run than the pool has threads. The others wait in a queue that, unlike libuv's own,
 * is visible, bounded and can be left; and when a disk hangs with all tasks, the server still has
 * threads for its own compression, files and name lookups.
 *
 * A thread of the pool cannot be stopped: a task that keeps running after it was cancelled keeps
 * its slot, counts as stuck, and is not replaced.
 */
export function createLibuv({
  libuvThreads,
  maxQueue,
  log,
}: ExecutorsConfig): Executor<LocalContext> {
  const admission = new Admission(name, tasksOf(libuvThreads), maxQueue);
  const ranOn: RanOn = { executor: name, pid: process.pid };
  const executor: StuckExecutor = { name, admission, kind: "task", log };
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
          const what = `it did not end within ${stuckMs} ms after it was cancelled`;
          reportStuck(executor, slot, task.name, what);
        };
        const onAbort = () => {
          timer = setTimeout(stick, stuckMs);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        try {
          return await runHere(task, input, signal, submittedMs, ranOn);
        } finally {
          signal.removeEventListener("abort", onAbort);
          clearTimeout(timer);
          if (isStuck) {
            reportUnstuck(executor);
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

/** Leaves one thread in eight free of tasks, at least one if there is more than one. */
function tasksOf(libuvThreads: number): number {
  return Math.max(1, libuvThreads - Math.max(1, Math.floor(libuvThreads / 8)));
}

/**
 * Executor that runs its tasks on the current thread.
 *
 * @param size max tasks in progress
 * @param maxQueue max tasks that wait
 * @param thread thread id for `RanOn`, if there is one
 */
export function createLocalExecutor(
  name: string,
  size: number,
  maxQueue: number,
  thread: Pick<RanOn, "thread">,
): Executor<LocalContext> {
  const admission = new Admission(name, size, maxQueue);
  const ranOn: RanOn = { executor: name, pid: process.pid, ...thread };
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

/** Runs a task on the current thread. */
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
  // A synchronous task has ended here; awaiting it would add the time of other work.
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
