import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { Piscina } from "piscina";
import { monotonicMs } from "../../registry/clock.ts";
import type { Failure } from "../errors.ts";
import { lostTask, maxHeapMib, restMs, tooLargeTask } from "./lost-task.ts";
import { createRunnerPool, type Runner, type RunnerPlace } from "./runner-pool.ts";
import type { TaskMessage, TaskOutcome } from "./task-runner.ts";
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
): RunnerPlace {
  const start = () => new KeptThread(name, log);
  return createRunnerPool({ name, size, maxQueue, kind: "thread", stopMs, start, log });
}

const noThread = "no thread for it started; the server's log says why";

/**
 * A worker thread that is kept: when it has ended, another one takes its place. Whoever runs tasks sees to it
 * that there is one at a time.
 *
 * A Piscina of one thread: with many threads it looks at each of them for each task, and with 64 that is
 * half a millisecond of the event loop a task. Threads are ended here and never by Piscina, which starts
 * the next one before the last has ended: a thread that is blocked in the kernel does not end.
 */
class KeptThread implements Runner {
  readonly #place: string;
  readonly #log: (message: string) => void;
  readonly #pool: Piscina;
  /** Takes the task out of Piscina's queue, where it waits while no thread has started. */
  #withdraw: AbortController | undefined;
  #isStarted = false;
  #restsUntilMs = 0;
  #isClosing = false;

  constructor(place: string, log: (message: string) => void) {
    this.#place = place;
    this.#log = log;
    this.#pool = new Piscina({
      filename: new URL("./thread-pool-worker.ts", import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      // Both pools run code that holds its thread until it is done, so a thread may sleep until the
      // next task wakes it, at a third of the cost of a message.
      atomics: "sync",
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
    });
    this.#pool.on("workerCreate", () => {
      this.#isStarted = true;
    });
    this.#pool.on("workerDestroy", () => {
      this.#isStarted = false;
    });
    // Without a listener the error of a thread that has no task would end the server.
    this.#pool.on("error", (error: unknown) => this.#onIdleThreadLost(error));
  }

  /** Whether a task would begin at once: a thread that replaces another has to start. */
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
      throw lostTask(this.#place, message.name, noThread);
    }
    // To end the thread is the last resort. A flag lets the task end by itself.
    const stopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const stop = () => Atomics.store(stopFlag, 0, 1);
    if (signal.aborted) {
      stop();
    }
    signal.addEventListener("abort", stop, { once: true });
    const withdraw = new AbortController();
    this.#withdraw = withdraw;
    const task: ThreadTaskMessage = { ...message, stopFlag };
    const outcome: Promise<TaskOutcome<Output>> = this.#pool.run(task, { signal: withdraw.signal });
    // Piscina has one by now, which may have to start.
    const [thread] = this.#pool.threads;
    const end = () => thread?.terminate().then(() => withdraw.abort());
    kill.addEventListener("abort", end, { once: true });
    try {
      return await outcome;
    } catch (error) {
      if (isUncopyable(error)) {
        throw error;
      }
      await endOf(thread);
      throw this.#isClosing ? error : this.#failureOf(message.name, kill, withdraw.signal, error);
    } finally {
      signal.removeEventListener("abort", stop);
      this.#withdraw = undefined;
      if (kill.aborted) {
        // The task was done just then, and the next one must not get this thread.
        await endOf(thread);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#pool.destroy();
  }

  #failureOf(task: string, kill: AbortSignal, withdrawn: AbortSignal, error: unknown): Failure {
    if (kill.aborted || withdrawn.aborted) {
      const what = kill.aborted ? `${kill.reason}, so its thread was stopped` : noThread;
      const failure = lostTask(this.#place, task, what);
      this.#log(failure.message);
      return failure;
    }
    const failure =
      error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? tooLargeTask(this.#place, task, error)
        : lostTask(this.#place, task, "its thread ended in the middle of it", error);
    this.#log(`${failure.message} ${textOf(error)}`);
    return failure;
  }

  /** Also told of threads that do not even start. */
  #onIdleThreadLost(error: unknown): void {
    this.#log(`A thread of the place "${this.#place}" ended without a task: ${textOf(error)}`);
    // A task that waits for it would wait for ever now, and each new one has Piscina start a thread.
    if (this.#pool.threads.length === 0) {
      this.#restsUntilMs = monotonicMs() + restMs;
      this.#withdraw?.abort();
    }
  }
}

/** What can't be copied to another thread never got there. */
function isUncopyable(error: unknown): boolean {
  return error instanceof DOMException && error.name === "DataCloneError";
}

/** Resolves when a thread has really ended, and not when it was told to. */
async function endOf(thread: Worker | undefined): Promise<void> {
  // A thread that has ended has no number.
  if (thread !== undefined && thread.threadId !== -1) {
    await new Promise((resolve) => thread.once("exit", resolve));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
