import { unlessAborted } from "../give-up.ts";
import { ChildLife, type Ending } from "./child-life.ts";
import { lostTask, tooLargeTask } from "./lost-task.ts";
import type { Runner } from "./runner-pool.ts";
import { restMs } from "./task-limits.ts";
import type { TaskMessage, TaskOutcome } from "./task-runner.ts";

const place = "processes";
const noProcess = "the process for it did not start; the server's log says why";

interface Rest {
  readonly timer: NodeJS.Timeout;
  readonly ended: PromiseWithResolvers<void>;
}

/** One child process of the place `processes`, started again whenever it ends. */
export class ChildProcess implements Runner {
  readonly #log: (message: string) => void;
  #life: ChildLife | undefined;
  /** While nothing is started because what was started last ended at its start. */
  #rest: Rest | undefined;
  #isClosing = false;

  constructor(log: (message: string) => void) {
    this.#log = log;
    this.#start();
  }

  /** Whether a task would begin at once. */
  get isReady(): boolean {
    return this.#life?.isReady ?? false;
  }

  async run<Output>(
    message: TaskMessage,
    signal: AbortSignal,
    kill: AbortSignal,
  ): Promise<TaskOutcome<Output>> {
    const life = await unlessAborted(this.#readyLife(), signal);
    if (life === undefined || kill.aborted) {
      throw lostTask(place, message.name, noProcess);
    }
    const end = () => life.kill();
    kill.addEventListener("abort", end, { once: true });
    try {
      const outcome = await life.run<Output>(message);
      if (!("how" in outcome)) {
        return outcome;
      }
      signal.throwIfAborted();
      if (outcome.isOutOfMemory) {
        throw tooLargeTask(place, message.name);
      }
      const crashed = `its process ${life.pid} ended in the middle of it (${outcome.how})`;
      const stopped = `${kill.reason}, so its process ${life.pid} was stopped`;
      const failure = lostTask(place, message.name, kill.aborted ? stopped : crashed);
      if (kill.aborted) {
        this.#log(failure.message);
      }
      throw failure;
    } finally {
      kill.removeEventListener("abort", end);
      if (life.isKilled) {
        // The task may have been done just then, and the next one must not get this process.
        await life.ended;
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#rest?.timer);
    this.#rest?.ended.resolve();
    this.#life?.kill();
    await this.#life?.ended;
  }

  /** The process, once it takes tasks; undefined when it did not start. */
  async #readyLife(): Promise<ChildLife | undefined> {
    // Were it to fail at once, a slot without a process would go through all that waits for the others.
    await this.#rest?.ended.promise;
    const life = this.#life;
    return (await life?.ready) ? life : undefined;
  }

  #start(): void {
    try {
      const life = new ChildLife();
      this.#life = life;
      void life.ended.then((ending) => this.#onEnd(life, ending));
    } catch (error) {
      this.#startLater(error instanceof Error ? error.message : String(error));
    }
  }

  #onEnd({ wasReady, isKilled }: ChildLife, { how }: Ending): void {
    if (this.#isClosing) {
      return;
    }
    if (!wasReady) {
      this.#startLater(how);
      return;
    }
    if (!isKilled) {
      this.#log(`A worker process ended (${how}); starting another.`);
    }
    this.#start();
  }

  /** What ends at its start does so again: started at once, it would take a core for nothing. */
  #startLater(problem: string): void {
    this.#life = undefined;
    this.#log(
      `A worker process ended at its start (${problem}); starting another in ${restMs} ms.`,
    );
    const ended = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#rest = undefined;
      this.#start();
      ended.resolve();
    }, restMs);
    this.#rest = { timer, ended };
  }
}
