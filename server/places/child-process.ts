import { fork, type ChildProcess as NodeChildProcess } from "node:child_process";
import { once } from "node:events";
import { Failure } from "../errors.ts";
import type { Task } from "./place.ts";
import type { TaskMessage, TaskOutcome } from "./task-runner.ts";

/** One child process of the place `processes`, started again whenever it ends. */
export class ChildProcess {
  readonly #log: (message: string) => void;
  #child: NodeChildProcess;
  #closing = false;

  constructor(log: (message: string) => void) {
    this.#log = log;
    this.#child = this.#start();
  }

  /**
   * Runs one task; the caller sees to it that there is one at a time. A process in the middle of a
   * computation hears nothing, so a task that nobody wants any more is ended with its process.
   */
  async run<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    signal: AbortSignal,
  ): Promise<TaskOutcome<Output>> {
    const child = this.#child;
    const message: TaskMessage = {
      module: task.module,
      name: task.name,
      input,
      place: "processes",
    };
    const { promise, resolve, reject } = Promise.withResolvers<TaskOutcome<Output>>();
    const onExit = () =>
      reject(
        signal.aborted
          ? signal.reason
          : new Failure("unavailable", `The process ${child.pid} ended in the middle of the work.`),
      );
    const kill = () => child.kill("SIGKILL");
    child.once("message", resolve);
    child.once("exit", onExit);
    signal.addEventListener("abort", kill, { once: true });
    // An error here is followed by "exit", which tells the caller.
    child.send(message, () => {});
    try {
      return await promise;
    } finally {
      child.off("message", resolve);
      child.off("exit", onExit);
      signal.removeEventListener("abort", kill);
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
  }

  #start(): NodeChildProcess {
    const child = fork(new URL("./child-process-worker.ts", import.meta.url), {
      execArgv: [],
      serialization: "advanced",
    });
    child.once("exit", (code, killedBy) => {
      if (this.#closing) {
        return;
      }
      if (!child.killed) {
        this.#log(`A worker process ended (${killedBy ?? `exit code ${code}`}); starting another.`);
      }
      this.#child = this.#start();
    });
    return child;
  }
}
