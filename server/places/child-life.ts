import { fork, type ChildProcess as NodeChildProcess } from "node:child_process";
import { childEnvironment } from "../../cli/child-environment.ts";
import { maxHeapMib } from "./task-limits.ts";
import type { TaskMessage, TaskOutcome } from "./task-runner.ts";

/** How a process ended. */
export interface Ending {
  /** Such as "SIGKILL" or "exit code 1". */
  readonly how: string;
  readonly isOutOfMemory: boolean;
}

/** How much of what a process wrote last is kept, in characters: enough for what V8 says at its end. */
const keptCharacters = 16_384;

/** How long what it wrote last is read after its end, in milliseconds. */
const lastWordsMs = 500;

/** One process that runs tasks, from its start to its end. */
export class ChildLife {
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
