import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "@unblock/errors/failure";
import { childEnvironment } from "@unblock/terminal/process";
import type { ExecutorsConfig } from "./executor.ts";
import { lostTask, maxHeapMib, startBackoffMs, tooLargeTask } from "./lost-task.ts";
import { createRunnerPool, type Runner, type RunnerExecutor } from "./runner-pool.ts";
import type { TaskMessage, TaskOutcome } from "./task-runner.ts";
import { unlessAborted } from "./waiting.ts";

const name = "processes";

/**
 * Long-lived child processes, each with one task at a time. They share nothing with the server: a
 * crash costs one task, and each has a libuv pool of its own. A computing process receives no
 * messages, so a cancelled task is killed together with its process at once.
 */
export function createProcesses({ processes, maxQueue, log }: ExecutorsConfig): RunnerExecutor {
  const start = () => new RestartingProcess(log);
  return createRunnerPool({
    name,
    size: processes,
    maxQueue,
    kind: "process",
    stopMs: 0,
    start,
    log,
  });
}

/** A child process that is restarted whenever it ends. */
class RestartingProcess implements Runner {
  readonly #log: (message: string) => void;
  readonly #closing = new AbortController();
  #life: ChildLife | undefined;
  /** Ends with the next start. */
  #backoff: Promise<void> | undefined;

  constructor(log: (message: string) => void) {
    this.#log = log;
    this.#start();
  }

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
      const why = "the process for it did not start; the server's log says why";
      throw lostTask(name, message.name, why);
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
        throw tooLargeTask(name, message.name);
      }
      const crashed = `its process ${life.pid} ended in the middle of it (${outcome.how})`;
      const stopped = `${kill.reason}, so its process ${life.pid} was stopped`;
      const failure = lostTask(name, message.name, kill.aborted ? stopped : crashed);
      if (kill.aborted) {
        this.#log(failure.message);
      }
      throw failure;
    } finally {
      kill.removeEventListener("abort", end);
      if (life.isKilled) {
        // The next task must not get this process, even if the task ended just before the kill.
        await life.ended;
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#life?.kill();
    await this.#life?.ended;
  }

  /** The process once it accepts tasks; undefined when it did not start. */
  async #readyLife(): Promise<ChildLife | undefined> {
    // Failing at once would let a slot without a process drain the whole queue.
    await this.#backoff;
    const life = this.#life;
    return (await life?.ready) ? life : undefined;
  }

  #start(): void {
    try {
      const life = new ChildLife();
      this.#life = life;
      void life.ended.then(({ how }) => this.#onEnd(life, how));
    } catch (error) {
      this.#startLater(reasonOf(error));
    }
  }

  #onEnd({ wasReady, isKilled }: ChildLife, how: string): void {
    if (this.#closing.signal.aborted) {
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

  /** A process that fails to start usually fails again; restarting it at once would waste a core. */
  #startLater(problem: string): void {
    this.#life = undefined;
    this.#log(
      `A worker process ended at its start (${problem}); starting another in ${startBackoffMs} ms.`,
    );
    this.#backoff = sleep(startBackoffMs, undefined, { signal: this.#closing.signal }).then(
      () => this.#start(),
      // Closed meanwhile.
      () => {},
    );
  }
}

interface Ending {
  readonly how: string;
  readonly isOutOfMemory: boolean;
}

/** Characters of standard error that are kept: enough for V8's last message. */
const keptCharacters = 16_384;

/** Time to read standard error after the process has ended. */
const readOutputMs = 500;

/** A process that runs tasks, from start to end. */
class ChildLife {
  readonly pid: number | undefined;
  /** Whether the process accepts tasks; false when it ends before it does. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  /** Whether the process ever accepted tasks. */
  wasReady = false;
  isKilled = false;
  #ending: Ending | undefined;
  #onEnd: ((ending: Ending) => void) | undefined;

  /** @throws the system's error when it refuses to create a process */
  constructor() {
    const child = fork(new URL("./child-process-worker.ts", import.meta.url), {
      execArgv: [`--max-old-space-size=${maxHeapMib}`],
      env: childEnvironment(),
      serialization: "advanced",
      stdio: ["inherit", "inherit", "pipe", "ipc"],
    });
    this.#child = child;
    this.pid = child.pid;
    const ready = Promise.withResolvers<boolean>();
    const ended = Promise.withResolvers<Ending>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    let lastWords = "";
    child.stderr?.on("data", (text: Buffer) => {
      process.stderr.write(text);
      lastWords = `${lastWords}${text}`.slice(-keptCharacters);
    });
    let startProblem: string | undefined;
    child.on("error", ({ message }) => {
      startProblem = message;
    });
    child.once("message", () => {
      this.wasReady = true;
      ready.resolve(true);
    });
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      this.#ending = {
        how: startProblem ?? signal ?? `exit code ${code}`,
        isOutOfMemory: lastWords.includes("JavaScript heap out of memory"),
      };
      ready.resolve(false);
      ended.resolve(this.#ending);
      this.#onEnd?.(this.#ending);
    };
    // "exit" may come before all output has been read. But "close" never comes while a grandchild
    // holds standard error.
    child.once("exit", (code, signal) => {
      const timer = setTimeout(() => {
        child.stderr?.destroy();
        end(code, signal);
      }, readOutputMs);
      child.once("close", () => clearTimeout(timer));
    });
    child.once("close", end);
  }

  get isReady(): boolean {
    return this.wasReady && !this.isKilled && this.#ending === undefined;
  }

  /** Runs a task, one at a time. Resolves with an `Ending` when the process ends first. */
  async run<Output>(message: TaskMessage): Promise<TaskOutcome<Output> | Ending> {
    if (this.#ending !== undefined) {
      return this.#ending;
    }
    const { promise, resolve } = Promise.withResolvers<TaskOutcome<Output> | Ending>();
    this.#onEnd = resolve;
    this.#child.once("message", resolve);
    try {
      // A failure here is followed by the end of the process.
      this.#child.send(message, () => {});
      return await promise;
    } finally {
      this.#child.off("message", resolve);
      this.#onEnd = undefined;
    }
  }

  kill(): void {
    this.isKilled = true;
    this.#child.kill("SIGKILL");
  }
}
