/** Executors for learners. A function that runs in another thread or process must be exported. */
import type { TaskContext } from "@unblock/executors/executor";
import { ownService } from "../service/environment.ts";
import { runElsewhere } from "../service/run-elsewhere.ts";

export type { TaskContext };

export interface Pool {
  /**
   * Runs an exported function of your file in the pool, in order of arrival.
   *
   * @param work gets a copy of `input`, and `{ stopped }`, which returns true once `signal` has aborted
   * @param signal removes queued work when it aborts, makes `stopped()` return true for running work, and
   *   rejects the returned promise
   */
  run<Input, Output>(
    work: (input: Input, context: TaskContext) => Output | Promise<Output>,
    input: Input,
    signal?: AbortSignal,
  ): Promise<Output>;
}

function poolOf(name: "blockingPool" | "cpuPool" | "processes"): Pool {
  return {
    run: (work, input, signal) =>
      runElsewhere(ownService().resources.executors[name], work, input, signal),
  };
}

/** 16 threads for work that waits. */
export const blockingPool = poolOf("blockingPool");

/** One thread per core, for work that computes. */
export const cpuPool = poolOf("cpuPool");

/** One process per core, for work that computes and should share nothing. */
export const processes = poolOf("processes");

/**
 * Runs work after the response, owned by the service: up to 64 tasks at once, and at shutdown the
 * service waits up to 3 s for them.
 *
 * @param work gets a signal that aborts when the service stops waiting
 */
export async function inBackground(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const task = {
    module: import.meta.url,
    name: work.name || "work",
    run: (_: null, { signal }: { signal: AbortSignal }) => work(signal),
  };
  await ownService().resources.executors.background.accept(task, null);
}
