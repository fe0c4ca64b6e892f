import { threadId } from "node:worker_threads";
import { monotonicMs, recentThreadCpuMs, threadCpuMs } from "@unblock/measure/clock";
import { Admission, type Slot } from "./admission.ts";
import {
  type Executor,
  type ExecutorsConfig,
  type LocalContext,
  type Ran,
  type RanOn,
  type Task,
  toRan,
} from "./executor.ts";
import { closeMs, EndWatch, exitWithout, type StuckExecutor, stuckMs } from "./lost-task.ts";

/**
 * The thread that serves every call. Right for work that awaits; work that blocks or computes here
 * delays everyone.
 *
 * Waiting needs no thread, so tasks start at once; `maxQueue` bounds how many are in progress.
 */
export function createEventLoop({ maxQueue }: ExecutorsConfig): Executor<LocalContext> {
  return createLocalExecutor("event-loop", maxQueue, 0, { thread: threadId });
}

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
export function createLibuv(config: ExecutorsConfig): Executor<LocalContext> {
  const { libuvThreads, maxQueue, log } = config;
  // Leaves one thread in eight free of tasks, at least one if there is more than one.
  const size = Math.max(1, libuvThreads - Math.max(1, Math.floor(libuvThreads / 8)));
  return createLocalExecutor("libuv", size, maxQueue, {}, log);
}

/**
 * Executor that runs its tasks on the current thread.
 *
 * @param size max tasks in progress
 * @param maxQueue max tasks that wait
 * @param thread thread id for `RanOn`, if there is one
 * @param logStuck reports tasks that do not end when they are cancelled. Default: all end
 */
export function createLocalExecutor(
  name: string,
  size: number,
  maxQueue: number,
  thread: Pick<RanOn, "thread">,
  logStuck?: (message: string) => void,
): Executor<LocalContext> {
  const admission = new Admission(name, size, maxQueue);
  const ranOn: RanOn = { executor: name, pid: process.pid, ...thread };
  const stuck: StuckExecutor | undefined = logStuck && {
    name,
    admission,
    kind: "task",
    log: logStuck,
  };
  return {
    name,
    run: (task, input, call) => {
      const { signal } = call;
      const submittedMs = monotonicMs();
      return admission.run((slot) => {
        const ran = runHere(task, input, signal, submittedMs, ranOn);
        return stuck === undefined ? ran : unlessStuck(ran, stuck, slot, task.name, signal);
      }, call);
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: async () => {
      await admission.idle(closeMs);
      if (stuck !== undefined && admission.vitals().running > 0) {
        exitWithout(admission);
      }
    },
  };
}

/** Tasks that return sooner have their wall time counted as CPU time. */
const minMeasuredMs = 1;

async function runHere<Input, Output>(
  task: Task<Input, Output, LocalContext>,
  input: Input,
  signal: AbortSignal,
  submittedMs: number,
  ranOn: RanOn,
): Promise<Ran<Output>> {
  const startedMs = monotonicMs();
  const startedCpuMs = recentThreadCpuMs();
  const result = task.run(input, { signal, stopped: () => signal.aborted });
  // What the task does after an await can't be told from other work of this thread.
  const syncMs = monotonicMs() - startedMs;
  // Reading the clocks of a process with many threads takes longer than most tasks that await.
  const cpuMs = syncMs < minMeasuredMs ? syncMs : Math.min(syncMs, threadCpuMs() - startedCpuMs);
  const value = result instanceof Promise ? await result : result;
  const workMs = monotonicMs() - startedMs;
  const queueMs = startedMs - submittedMs;
  return toRan({ value, ranOn, beganMs: submittedMs, queueMs, workMs, cpuMs });
}

async function unlessStuck<Output>(
  ran: Promise<Output>,
  executor: StuckExecutor,
  slot: Slot,
  task: string,
  signal: AbortSignal,
): Promise<Output> {
  const watch = new EndWatch(executor, slot, task);
  const why = `it did not end within ${stuckMs} ms after it was cancelled`;
  const onAbort = () => watch.after(stuckMs, () => watch.stick(why));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await ran;
  } finally {
    signal.removeEventListener("abort", onAbort);
    watch.close();
  }
}
