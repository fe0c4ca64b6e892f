import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import {
  closeMs,
  exitWithout,
  longestTaskMs,
  reportStuck,
  reportUnstuck,
  type StuckPlace,
  sparesFor,
  stuckMs,
} from "./lost-task.ts";
import type { Place, Task } from "./place.ts";
import { fromOutcome, type TaskMessage, type TaskOutcome } from "./task-runner.ts";

/** A thread or a process that runs tasks, one at a time, and is started again whenever it ends. */
export interface Runner {
  /** Whether a task would begin at once. */
  readonly isReady: boolean;
  /**
   * Runs a task. When the thread or process is made to end, or ends by itself, this settles only when it
   * has really ended.
   *
   * @param signal aborts when nobody wants the result any more
   * @param kill its abort ends the thread or process in the middle of the task; the reason is a text
   * @throws Failure when the task is lost
   */
  run<Output>(
    message: TaskMessage,
    signal: AbortSignal,
    kill: AbortSignal,
  ): Promise<TaskOutcome<Output>>;
  /** Ends the thread or process in the middle of whatever it does, and resolves when it has ended. */
  close(): Promise<void>;
}

interface RunnerPoolConfig {
  readonly name: string;
  /** How many tasks run at once. */
  readonly size: number;
  readonly maxQueue: number;
  /** What a runner is, for messages. */
  readonly kind: "thread" | "process";
  /** The time that a task has to end by itself when nobody wants its result any more, in milliseconds. */
  readonly stopMs: number;
  readonly start: () => Runner;
  readonly log: (message: string) => void;
}

const never = new AbortController().signal;

/** A place whose tasks run in threads or processes of its own. */
export interface RunnerPlace extends Place {
  /**
   * Runs a task in each thread or process, `times` in a row, so that all have started, loaded its module,
   * compiled it and opened the connections that it needs. For places that run nothing else yet; the vitals
   * do not count it.
   *
   * @param times default 1
   * @throws the first failure of the task, or why a thread or process could not run it
   */
  warmUp<Input>(task: Task<Input, unknown>, input: Input, times?: number): Promise<void>;
  /** Counts completed, failed, refused and withdrawn tasks and their CPU time from now on. */
  restartCounts(): void;
}

/** A place made of threads or processes, all started at once and kept. */
export function createRunnerPool(config: RunnerPoolConfig): RunnerPlace {
  const { name, size, kind, stopMs, start, log } = config;
  const unwanted =
    stopMs === 0
      ? "nobody wanted it any more"
      : `it went on for ${stopMs} ms when nobody wanted it any more`;
  const admission = new Admission(name, size, config.maxQueue, sparesFor(size));
  const place: StuckPlace = { name, admission, kind, log };
  const all = new Set(Array.from({ length: size }, start));
  // Those that worked last come first: they have their code compiled and their connections made.
  const idle = [...all];

  /** One that is ready if there is one: where one does not start, others may. */
  const takeIdle = (): Runner => {
    const ready = idle.findIndex(({ isReady }) => isReady);
    const [runner = start()] = idle.splice(Math.max(ready, 0), 1);
    // A new one for a spare slot.
    all.add(runner);
    return runner;
  };
  const warmUpOne = async (runner: Runner, message: TaskMessage, times: number) => {
    for (let time = 0; time < times; time++) {
      fromOutcome(await runner.run(message, never, never), monotonicMs());
    }
  };
  /** The warm-up that runs: a runner runs one task at a time. */
  let warmingUp = Promise.resolve();
  const giveBack = (runner: Runner, wasStuck: boolean) => {
    if (wasStuck) {
      reportUnstuck(place);
    }
    if (wasStuck && all.size > size) {
      all.delete(runner);
      void runner.close();
    } else {
      idle.unshift(runner);
    }
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
        let isStuck = false;
        const timers: NodeJS.Timeout[] = [];
        const end = (why: string) => {
          kill.abort(why);
          timers.push(setTimeout(stick, stuckMs, why));
        };
        const stick = (why: string) => {
          isStuck = true;
          const what = `${why}, so its ${kind} was stopped, and that has not ended after ${stuckMs} ms`;
          reportStuck(place, slot, task.name, what);
        };
        const giveUp = () => {
          timers.push(setTimeout(end, stopMs, unwanted));
        };
        timers.push(setTimeout(end, longestTaskMs, `it did not end within ${longestTaskMs} ms`));
        signal.addEventListener("abort", giveUp, { once: true });
        try {
          const message: TaskMessage = { module: task.module, name: task.name, input, place: name };
          const outcome = await runner.run<Awaited<ReturnType<typeof task.run>>>(
            message,
            signal,
            kill.signal,
          );
          admission.addCpu(outcome.cpuMs);
          return fromOutcome(outcome, submittedMs);
        } finally {
          signal.removeEventListener("abort", giveUp);
          for (const timer of timers) {
            clearTimeout(timer);
          }
          giveBack(runner, isStuck);
        }
      }, call);
    },
    warmUp: ({ module, name: taskName }, input, times = 1) => {
      const message: TaskMessage = { module, name: taskName, input, place: name };
      const warm = () =>
        Promise.all(Array.from(all, (runner) => warmUpOne(runner, message, times)));
      const warmed = warmingUp.then(async () => {
        await warm();
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
        log(`${running} tasks of the place "${name}" did not end when it closed; they are left.`);
        if (kind === "thread") {
          exitWithout(admission);
        }
      }
    },
  };
}
