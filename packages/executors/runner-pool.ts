import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "@unblock/measure/clock";
import { Admission } from "./admission.ts";
import type { Executor, Task } from "./executor.ts";
import {
  closeMs,
  EndWatch,
  exitWithout,
  maxTaskMs,
  type StuckExecutor,
  sparesFor,
  stuckMs,
} from "./lost-task.ts";
import { fromOutcome, type TaskMessage, type TaskOutcome } from "./task-runner.ts";

/** A thread or process that runs one task at a time and is restarted whenever it ends. */
export interface Runner {
  readonly isReady: boolean;
  /**
   * Runs a task. Settles only when a thread or process that ends has really ended.
   *
   * @param signal aborts when the task is cancelled
   * @param kill its abort kills the thread or process; the reason is a text
   * @throws Failure when the task is lost
   */
  run<Output>(
    message: TaskMessage,
    signal: AbortSignal,
    kill: AbortSignal,
  ): Promise<TaskOutcome<Output>>;
  /** Kills the thread or process and resolves when it has ended. */
  close(): Promise<void>;
}

interface RunnerPoolConfig {
  readonly name: string;
  readonly size: number;
  readonly maxQueue: number;
  readonly kind: "thread" | "process";
  /** Time that a cancelled task has to end by itself, in milliseconds. */
  readonly stopMs: number;
  readonly start: () => Runner;
  readonly log: (message: string) => void;
}

const never = new AbortController().signal;

/** An executor with threads or processes of its own. */
export interface RunnerExecutor extends Executor {
  /**
   * Runs a task `times` (default 1) in a row in each thread or process, so that all have started,
   * loaded and compiled its module and opened its connections. Only for executors that run nothing
   * else yet; the vitals do not count it.
   *
   * @throws the first failure of the task, or the reason why it could not run
   */
  warmUp<Input>(task: Task<Input, unknown>, input: Input, times?: number): Promise<void>;
  restartCounts(): void;
}

/** An executor made of threads or processes that are all started at once. */
export function createRunnerPool(config: RunnerPoolConfig): RunnerExecutor {
  const { name, size, kind, stopMs, start, log } = config;
  const unwanted =
    stopMs === 0 ? "it was cancelled" : `it did not end within ${stopMs} ms after it was cancelled`;
  const admission = new Admission(name, size, config.maxQueue, sparesFor(size));
  const executor: StuckExecutor = { name, admission, kind, log };
  const all = new Set(Array.from({ length: size }, start));
  // The most recently used come first: their code is compiled and their connections are open.
  const idle = [...all];

  /** Prefers a ready runner: where one does not start, others may. */
  const takeIdle = (): Runner => {
    const ready = idle.findIndex(({ isReady }) => isReady);
    const [runner = start()] = idle.splice(Math.max(ready, 0), 1);
    // May be a new one, for a spare slot.
    all.add(runner);
    return runner;
  };
  const warmUpOne = async (runner: Runner, message: TaskMessage, times: number) => {
    for (let time = 0; time < times; time++) {
      fromOutcome(await runner.run(message, never, never), monotonicMs());
    }
  };
  /** A runner runs one task at a time, so warm-ups follow each other. */
  let warmingUp = Promise.resolve();
  const messageOf = ({ module, name: taskName }: Task<never, unknown>, input: unknown) => {
    return { module, name: taskName, input, executor: name } satisfies TaskMessage;
  };

  return {
    name,
    run: (task, input, call) => {
      const { signal } = call;
      const submittedMs = monotonicMs();
      return admission.run(async (slot) => {
        signal.throwIfAborted();
        const runner = takeIdle();
        const kill = new AbortController();
        const watch = new EndWatch(executor, slot, task.name);
        const end = (why: string) => {
          kill.abort(why);
          const lost = `${why}, so its ${kind} was killed, which has not ended after ${stuckMs} ms`;
          watch.after(stuckMs, () => watch.stick(lost));
        };
        const onAbort = () => watch.after(stopMs, () => end(unwanted));
        watch.after(maxTaskMs, () => end(`it did not end within ${maxTaskMs} ms`));
        signal.addEventListener("abort", onAbort, { once: true });
        try {
          const outcome = await runner.run<Awaited<ReturnType<typeof task.run>>>(
            messageOf(task, input),
            signal,
            kill.signal,
          );
          admission.addCpu(outcome.cpuMs);
          return fromOutcome(outcome, submittedMs);
        } finally {
          signal.removeEventListener("abort", onAbort);
          const wasStuck = watch.close();
          if (wasStuck && all.size > size) {
            all.delete(runner);
            void runner.close();
          } else {
            idle.unshift(runner);
          }
        }
      }, call);
    },
    warmUp: (task, input, times = 1) => {
      const message = messageOf(task, input);
      const warmed = warmingUp.then(async () => {
        await Promise.all(Array.from(all, (runner) => warmUpOne(runner, message, times)));
      });
      warmingUp = warmed.catch(() => {});
      return warmed;
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    restartCounts: () => admission.restartCounts(),
    close: async () => {
      await admission.idle(closeMs);
      const ended = Promise.all(Array.from(all, (runner) => runner.close()));
      await Promise.race([ended, sleep(stuckMs, undefined, { ref: false })]);
      const { running } = admission.vitals();
      if (running > 0) {
        log(`${running} tasks of "${name}" did not end when it closed.`);
        if (kind === "thread") {
          exitWithout(admission);
        }
      }
    },
  };
}
