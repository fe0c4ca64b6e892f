import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Failure } from "@unblock/errors/failure";
import { monotonicMs } from "@unblock/measure/clock";
import { Piscina } from "piscina";
import { lostTask, maxHeapMib, startBackoffMs, tooLargeTask } from "./lost-task.ts";
import { createRunnerPool, type Runner, type RunnerExecutor } from "./runner-pool.ts";
import {
  runInThread,
  type TaskMessage,
  type TaskOutcome,
  type ThreadTaskMessage,
} from "./task-runner.ts";

/** Time that a cancelled task has to end by itself, in milliseconds. */
const stopMs = 5_000;

/**
 * An executor of `size` worker threads, all started at once.
 *
 * Its queue is in front of Piscina, whose own is neither bounded for abortable tasks nor strictly
 * first in, first out.
 *
 * @param log reports tasks that are lost with their thread. Default: nothing is reported
 */
export function createThreadPool(
  name: string,
  size: number,
  maxQueue: number,
  log: (message: string) => void = () => {},
): RunnerExecutor {
  const start = () => new RestartingThread(name, log);
  return createRunnerPool({ name, size, maxQueue, kind: "thread", stopMs, start, log });
}

const noThread = "no thread for it started; the server's log says why";

/**
 * A worker thread that is restarted whenever it ends. The caller runs one task at a time.
 *
 * A Piscina of one thread: with many, Piscina scans all threads per task, which costs half a
 * millisecond of the event loop with 64. Threads are ended here rather than by Piscina, which
 * starts the next before the last has ended, and a thread that is blocked in the kernel never does.
 */
class RestartingThread implements Runner {
  readonly #executor: string;
  readonly #log: (message: string) => void;
  readonly #pool: Piscina;
  /** Removes the task from Piscina's queue, where it waits while no thread has started. */
  #dequeue: AbortController | undefined;
  #isStarted = false;
  #restsUntilMs = 0;
  #isClosing = false;

  constructor(executor: string, log: (message: string) => void) {
    this.#executor = executor;
    this.#log = log;
    this.#pool = new Piscina({
      filename: new URL("./task-runner.ts", import.meta.url).href,
      name: runInThread.name,
      minThreads: 1,
      maxThreads: 1,
      // Tasks hold their thread until they are done, so an idle thread may sleep until the next
      // task wakes it, at a third of the cost of a message.
      atomics: "sync",
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
    });
    this.#pool.on("workerCreate", () => {
      this.#isStarted = true;
    });
    this.#pool.on("workerDestroy", () => {
      this.#isStarted = false;
    });
    // Without a listener, the error of an idle thread would end the server.
    this.#pool.on("error", (error: unknown) => this.#onIdleThreadLost(error));
  }

  /** A restarted thread has to start first. */
  get isReady(): boolean {
    return this.#isStarted;
  }

  async run<Output>(
    message: TaskMessage,
    signal: AbortSignal,
    kill: AbortSignal,
  ): Promise<TaskOutcome<Output>> {
    const waitMs = this.#restsUntilMs - monotonicMs();
    if (waitMs > 0) {
      await sleep(waitMs);
    }
    if (this.#isClosing) {
      throw lostTask(this.#executor, message.name, noThread);
    }
    // Killing the thread is the last resort; the flag lets the task end by itself.
    const stopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const stop = () => Atomics.store(stopFlag, 0, 1);
    if (signal.aborted) {
      stop();
    }
    signal.addEventListener("abort", stop, { once: true });
    const dequeue = new AbortController();
    this.#dequeue = dequeue;
    const task: ThreadTaskMessage = { ...message, stopFlag };
    const outcome: Promise<TaskOutcome<Output>> = this.#pool.run(task, { signal: dequeue.signal });
    // Piscina has created the thread by now, though it may still be starting.
    const [thread] = this.#pool.threads;
    const end = () => thread?.terminate().then(() => dequeue.abort());
    kill.addEventListener("abort", end, { once: true });
    try {
      return await outcome;
    } catch (error) {
      if (isUncopyable(error)) {
        throw error;
      }
      await endOf(thread);
      throw this.#isClosing ? error : this.#failureOf(message.name, kill, dequeue.signal, error);
    } finally {
      signal.removeEventListener("abort", stop);
      this.#dequeue = undefined;
      if (kill.aborted) {
        // The next task must not get this thread, even if the task ended just before the kill.
        await endOf(thread);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#pool.destroy();
  }

  #failureOf(task: string, kill: AbortSignal, dequeued: AbortSignal, error: unknown): Failure {
    if (kill.aborted || dequeued.aborted) {
      const what = kill.aborted ? `${kill.reason}, so its thread was stopped` : noThread;
      const failure = lostTask(this.#executor, task, what);
      this.#log(failure.message);
      return failure;
    }
    const failure =
      error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? tooLargeTask(this.#executor, task, error)
        : lostTask(this.#executor, task, "its thread ended in the middle of it", error);
    this.#log(`${failure.message} ${textOf(error)}`);
    return failure;
  }

  /** Also called for threads that fail to start. */
  #onIdleThreadLost(error: unknown): void {
    this.#log(`An idle thread of "${this.#executor}" ended: ${textOf(error)}`);
    // A waiting task would wait forever, and each new one would make Piscina start a thread.
    if (this.#pool.threads.length === 0) {
      this.#restsUntilMs = monotonicMs() + startBackoffMs;
      this.#dequeue?.abort();
    }
  }
}

/** Whether the task's data could not be copied to the thread. */
function isUncopyable(error: unknown): boolean {
  return error instanceof DOMException && error.name === "DataCloneError";
}

/** Resolves when a thread has ended, not when it was told to. */
async function endOf(thread: Worker | undefined): Promise<void> {
  // A thread that has ended has id -1.
  if (thread !== undefined && thread.threadId !== -1) {
    await new Promise((resolve) => thread.once("exit", resolve));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
