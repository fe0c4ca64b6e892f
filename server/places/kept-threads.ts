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
 * Worker threads, all started at once and kept: one that dies is replaced. Whoever runs tasks sees to it
 * that there are not more at a time than threads.
 */
export class KeptThreads {
  readonly #place: string;
  readonly #log: (message: string) => void;
  readonly #pool: Piscina;
  /** One for each task that Piscina has. */
  readonly #kills = new Set<AbortController>();
  #restsUntilMs = 0;
  #isClosing = false;

  constructor(place: string, size: number, log: (message: string) => void) {
    this.#place = place;
    this.#log = log;
    this.#pool = new Piscina({
      filename: new URL("./thread-pool-worker.ts", import.meta.url).href,
      minThreads: size,
      maxThreads: size,
      // Both pools run code that holds its thread until it is done, so a thread may sleep until the
      // next task wakes it, at a third of the cost of a message.
      atomics: "sync",
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
    });
    // Without a listener the error of a thread that has no task would end the server.
    this.#pool.on("error", (error: unknown) => this.#onIdleThreadLost(error));
  }

  /**
   * Runs a task in one of the threads.
   *
   * @param kill its abort ends the thread in the middle of the task; the reason is a text that says why
   * @throws Failure when the task is lost
   */
  async run<Output>(
    message: ThreadTaskMessage,
    kill: AbortController,
  ): Promise<TaskOutcome<Output>> {
    const waitMs = this.#restsUntilMs - monotonicMs();
    if (waitMs > 0) {
      await sleep(waitMs);
    }
    if (this.#isClosing) {
      throw lostTask(this.#place, message.name, noThread);
    }
    this.#kills.add(kill);
    try {
      return await this.#pool.run(message, { signal: kill.signal });
    } catch (error) {
      throw this.#isClosing ? error : this.#failureOf(message.name, kill.signal, error);
    } finally {
      this.#kills.delete(kill);
    }
  }

  /** Ends all threads, in the middle of whatever they do. */
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
    // The tasks that Piscina has would wait for ever now, and each new one has it start a thread.
    if (this.#pool.threads.length === 0) {
      this.#restsUntilMs = monotonicMs() + restMs;
      for (const kill of this.#kills) {
        kill.abort(noThread);
      }
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
