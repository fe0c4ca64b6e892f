import { setImmediate } from "node:timers/promises";
import { monotonicMs } from "@unblock/measure/clock";
import { Admission } from "./admission.ts";
import { type ExecutorsConfig, type LocalContext, type Ran, type Task, toRan } from "./executor.ts";

/** Background tasks that run at once; the others wait in the queue. */
const size = 64;
const taskTimeoutMs = 10_000;

/** Work after the response, owned by the service rather than by the call. */
export function createBackground({ maxQueue, log }: ExecutorsConfig) {
  const name = "background";
  const admission = new Admission(name, size, maxQueue);
  const closing = new AbortController();
  const pending = new Set<Promise<unknown>>();

  /**
   * Accepts a task, which runs after the response, and resolves at once. The task does not get the
   * call's signal, which also aborts when the call succeeds.
   *
   * @throws Failure "overloaded" when the queue is full; nothing is accepted then
   */
  async function accept<Input>(
    task: Task<Input, unknown, LocalContext>,
    input: Input,
    connection?: object,
  ): Promise<Ran<undefined>> {
    const beganMs = monotonicMs();
    admission.assertRoom(connection);
    const run = async () => {
      // Lets the response leave first.
      await setImmediate();
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(taskTimeoutMs)]);
      await task.run(input, { signal, stopped: () => signal.aborted });
    };
    const settled: Promise<unknown> = admission
      .run(run, { signal: closing.signal, connection })
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        log(`Background task ${task.name} failed and is lost: ${reason}`);
      })
      .then(() => pending.delete(settled));
    pending.add(settled);
    const ranOn = { executor: name, pid: process.pid };
    const workMs = monotonicMs() - beganMs;
    return toRan({ value: undefined, ranOn, beganMs, queueMs: 0, workMs });
  }

  return {
    name,
    accept,
    vitals: (slot?: number) => admission.vitals(slot),
    restartWindow: (slot: number) => admission.restartWindow(slot),
    /** Waits up to `drainMs` for accepted tasks; logs how many are lost after that. */
    close: async (drainMs: number) => {
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
