import { fork, type ChildProcess as NodeChildProcess } from "node:child_process";
import { childEnvironment } from "../../cli/child-environment.ts";
import { unlessAborted } from "../give-up.ts";
import { lostTask, maxHeapMib, restMs, tooLargeTask } from "./lost-task.ts";
import type { PlacesConfig } from "./place.ts";
import { createRunnerPool, type Runner, type RunnerPlace } from "./runner-pool.ts";
import type { TaskMessage, TaskOutcome } from "./task-runner.ts";

/**
 * Long-lived child processes, one task at a time each. They share nothing with the server: a crash
 * costs one task, and each has a libuv pool of its own. A process in the middle of a computation hears
 * nothing, so a task that nobody wants any more is ended with its process at once.
 */
export function createProcesses({ processes, maxQueue, log }: PlacesConfig): RunnerPlace {
  const start = () => new ChildProcess(log);
  const config = {
    name: "processes",
    size: processes,
    maxQueue,
    kind: "process",
    stopMs: 0,
  } as const;
  return createRunnerPool({ ...config, start, log });
}

const place = "processes";
const noProcess = "the process for it did not start; the server's log says why";

interface Rest {
  readonly timer: NodeJS.Timeout;
  readonly ended: PromiseWithResolvers<void>;
}

/** One child process of the place `processes`, started again whenever it ends. */
class ChildProcess implements Runner {
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

/** How a process ended. */
interface Ending {
  /** Such as "SIGKILL" or "exit code 1". */
  readonly how: string;
  readonly isOutOfMemory: boolean;
}

/** How much of what a process wrote last is kept, in characters: enough for what V8 says at its end. */
const keptCharacters = 16_384;

/** How long what it wrote last is read after its end, in milliseconds. */
const lastWordsMs = 500;

/** One process that runs tasks, from its start to its end. */
class ChildLife {
  /** Resolves with whether it takes tasks; it may end before it does. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<Ending>;
  readonly #child: NodeChildProcess;
  #wasReady = false;
  #isKilled = false;
  #lastWords = "";
  #ending: Ending | undefined;
  #onEnd: ((ending: Ending) => void) | undefined;

  /** @throws the system's error when it won't even try to start another process */
  constructor() {
    const child = fork(new URL("./child-process-worker.ts", import.meta.url), {
      execArgv: [`--max-old-space-size=${maxHeapMib}`],
      env: childEnvironment(),
      serialization: "advanced",
      stdio: ["inherit", "inherit", "pipe", "ipc"],
    });
    this.#child = child;
    const ready = Promise.withResolvers<boolean>();
    const ended = Promise.withResolvers<Ending>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    child.stderr?.on("data", (text: Buffer) => {
      process.stderr.write(text);
      this.#lastWords = `${this.#lastWords}${text}`.slice(-keptCharacters);
    });
    let startProblem: string | undefined;
    child.on("error", ({ message }) => {
      startProblem = message;
    });
    child.once("message", () => {
      this.#wasReady = true;
      ready.resolve(true);
    });
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      const ending = {
        how: startProblem ?? signal ?? `exit code ${code}`,
        isOutOfMemory: this.#lastWords.includes("JavaScript heap out of memory"),
      };
      this.#ending = ending;
      ready.resolve(false);
      ended.resolve(ending);
      this.#onEnd?.(ending);
    };
    // "exit" may come before all that it wrote has been read. But the end of that, and with it "close",
    // never comes while a process that it started has its standard error.
    child.once("exit", (code, signal) => {
      const timer = setTimeout(() => {
        child.stderr?.destroy();
        end(code, signal);
      }, lastWordsMs);
      child.once("close", () => clearTimeout(timer));
    });
    child.once("close", end);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it came so far that it took tasks. */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  /** Whether it takes tasks now. */
  get isReady(): boolean {
    return this.#wasReady && !this.#isKilled && this.#ending === undefined;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Runs a task when it is ready, one at a time. Resolves with its end when it ends before the task. */
  async run<Output>(message: TaskMessage): Promise<TaskOutcome<Output> | Ending> {
    if (this.#ending !== undefined) {
      return this.#ending;
    }
    const { promise, resolve } = Promise.withResolvers<TaskOutcome<Output> | Ending>();
    this.#onEnd = resolve;
    this.#child.once("message", resolve);
    try {
      // What goes wrong here is followed by the process's end.
      this.#child.send(message, () => {});
      return await promise;
    } finally {
      this.#child.off("message", resolve);
      this.#onEnd = undefined;
    }
  }

  kill(): void {
    this.#isKilled = true;
    this.#child.kill("SIGKILL");
  }
}
