import { ChildLife, type Ending } from "./child-life.ts";
import { lostTask, tooLargeTask } from "./lost-task.ts";
import type { Task } from "./place.ts";
import { longestTaskMs, restMs } from "./task-limits.ts";
import type { TaskMessage, TaskOutcome } from "./task-runner.ts";

const place = "processes";
const noProcess = "the process for it did not start; the server's log says why";

interface Rest {
  readonly timer: NodeJS.Timeout;
  readonly ended: PromiseWithResolvers<void>;
}

/** One child process of the place `processes`, started again whenever it ends. */
export class ChildProcess {
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

  /**
   * Runs one task; the caller sees to it that there is one at a time. A process in the middle of a
   * computation hears nothing, so a task that nobody wants any more is ended with its process.
   *
   * @throws Failure when the process is lost, and the signal's reason when that was wanted
   */
  async run<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    signal: AbortSignal,
  ): Promise<TaskOutcome<Output>> {
    // Were it to fail at once, a seat without a process would go through all that waits for the others.
    await this.#rest?.ended.promise;
    const life = this.#life;
    if (life === undefined || !(await life.ready)) {
      throw lostTask(place, task.name, noProcess);
    }
    signal.throwIfAborted();
    const message: TaskMessage = { module: task.module, name: task.name, input, place };
    const kill = () => life.kill();
    signal.addEventListener("abort", kill, { once: true });
    let isOverdue = false;
    const limit = setTimeout(() => {
      isOverdue = true;
      kill();
    }, longestTaskMs);
    try {
      const outcome = await life.run<Output>(message);
      if (!("how" in outcome)) {
        return outcome;
      }
      signal.throwIfAborted();
      if (outcome.isOutOfMemory) {
        throw tooLargeTask(place, task.name);
      }
      const end = `its process ${life.pid} ended in the middle of it (${outcome.how})`;
      const overdue = `it did not end within ${longestTaskMs} ms, so its process ${life.pid} was stopped`;
      const failure = lostTask(place, task.name, isOverdue ? overdue : end);
      if (isOverdue) {
        this.#log(failure.message);
      }
      throw failure;
    } finally {
      signal.removeEventListener("abort", kill);
      clearTimeout(limit);
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#rest?.timer);
    this.#rest?.ended.resolve();
    this.#life?.kill();
    await this.#life?.ended;
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
