import { setImmediate } from "node:timers/promises";
import { monotonicMs } from "@unblock/measure/clock";
import { Admission } from "./admission.ts";
import type { ExecutorsConfig, ExecutorVitals, LocalContext, Ran, Task } from "./executor.ts";

/** Background tasks that run at once; the others wait in the queue. */
const size = 64;
const taskTimeoutMs = 10_000;

/** Work after the response, owned by the service rather than by the call. */
export interface Background {
  readonly name: "background";
  /**
   * Accepts a task, which runs after the response, and resolves at once. The task does not get the
   * call's signal, which also aborts when the call succeeds.
   *
   * @throws Failure "overloaded" when the queue is full; nothing is accepted then
   */
  accept<Input>(
    task: Task<Input, unknown, LocalContext>,
    input: Input,
    connection?: object,
  ): Promise<Ran<undefined>>;
  vitals(slot?: number): ExecutorVitals;
  restartWindow(slot: number): void;
  /** Waits up to `drainMs` for accepted tasks; logs how many are lost after that. */
  close(drainMs: number): Promise<void>;
}

export function createBackground({ maxQueue, log }: ExecutorsConfig): Background {
  const admission = new Admission("background", size, maxQueue);
  const closing = new AbortController();
  const pending = new Set<Promise<unknown>>();

  return {
    name: "background",
    accept: async (task, input, connection) => {
      const acceptedMs = monotonicMs();
      admission.assertRoom(connection);
      const ended = admission.run(
        async () => {
          // Lets the response leave first.
          await setImmediate();
          const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(taskTimeoutMs)]);
          await task.run(input, { signal, stopped: () => signal.aborted });
        },
        { signal: closing.signal, connection },
      );
      const settled: Promise<unknown> = ended.then(
        () => pending.delete(settled),
        (error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          log(`Background task ${task.name} failed and is lost: ${reason}`);
          pending.delete(settled);
        },
      );
      pending.add(settled);
      return {
        value: undefined,
        ranOn: { executor: "background", pid: process.pid },
        beganMs: acceptedMs,
        timing: [
          { name: "queue", ms: 0 },
          { name: "work", ms: monotonicMs() - acceptedMs },
        ],
      };
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: async (drainMs) => {
      const timer = setTimeout(() => {
        const { running, queued } = admission.vitals();
        log(`${running + queued} background tasks did not end within ${drainMs} ms and are lost.`);
        closing.abort(new Error("the server closed before the task ended"));
      }, drainMs);
      await Promise.all(pending);
      clearTimeout(timer);
    },
  };
}
