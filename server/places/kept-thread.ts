import { setTimeout as sleep } from "node:timers/promises";
import { Piscina } from "piscina";
import { monotonicMs } from "../../registry/clock.ts";
import type { Failure } from "../errors.ts";
import { lostTask, tooLargeTask } from "./lost-task.ts";
import { maxHeapMib, restMs } from "./task-limits.ts";
import type { TaskOutcome } from "./task-runner.ts";
import type { ThreadTaskMessage } from "./thread-pool-worker.ts";

const noThread = "no thread for it started; the server's log says why";

/**
 * A worker thread that is kept: when it dies, another one takes its place. Whoever runs tasks sees to it
 * that there is one at a time.
 *
 * A Piscina of one thread: with many threads it looks at each of them for each task, and with 64 that is
 * half a millisecond of the event loop a task.
 */
export class KeptThread {
  readonly #place: string;
  readonly #log: (message: string) => void;
  readonly #pool: Piscina;
  /** The running task's. */
  #kill: AbortController | undefined;
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

  get isFree(): boolean {
    return this.#kill === undefined;
  }

  /** Whether a task would begin at once: a thread that replaces another has to start. */
  get isReady(): boolean {
    return this.isFree && this.#isStarted;
  }

  /**
   * Runs a task.
   *
   * @param kill its abort ends the thread in the middle of the task; the reason is a text that says why
   * @throws Failure when the task is lost
   */
  async run<Output>(
    message: ThreadTaskMessage,
    kill: AbortController,
  ): Promise<TaskOutcome<Output>> {
    this.#kill = kill;
    try {
      const waitMs = this.#restsUntilMs - monotonicMs();
      if (waitMs > 0) {
        await sleep(waitMs);
      }
      if (this.#isClosing) {
        throw lostTask(this.#place, message.name, noThread);
      }
      return await this.#pool.run(message, { signal: kill.signal });
    } catch (error) {
      throw this.#isClosing ? error : this.#failureOf(message.name, kill.signal, error);
    } finally {
      this.#kill = undefined;
    }
  }

  /** Ends the thread, in the middle of whatever it does. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#pool.destroy();
  }

  #failureOf(task: string, kill: AbortSignal, error: unknown): unknown {
    // What can't be copied to another thread never got there.
    if (error instanceof DOMException && error.name === "DataCloneError") {
      return error;
    }
    const failure = kill.aborted
      ? lostTask(this.#place, task, String(kill.reason))
      : this.#failureOfDeath(task, error);
    this.#log(kill.aborted ? failure.message : `${failure.message} ${textOf(error)}`);
    return failure;
  }

  #failureOfDeath(task: string, error: unknown): Failure {
    return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
      ? tooLargeTask(this.#place, task, error)
      : lostTask(this.#place, task, "its thread ended in the middle of it", error);
  }

  /** Also told of threads that do not even start. */
  #onIdleThreadLost(error: unknown): void {
    this.#log(`A thread of the place "${this.#place}" ended without a task: ${textOf(error)}`);
    // A task that waits for it would wait for ever now, and each new one has Piscina start a thread.
    if (this.#pool.threads.length === 0) {
      this.#restsUntilMs = monotonicMs() + restMs;
      this.#kill?.abort(noThread);
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
