/** Where work can go. A function that goes to another thread or process is exported from your file. */
import type { TaskContext } from "../server/places/place.ts";
import { house } from "./service/environment.ts";
import { runElsewhere } from "./service/run-elsewhere.ts";

export type { TaskContext };

export interface Pool {
  /**
   * Runs an exported function of your file over there, in turn.
   *
   * @param work gets `input`, which is copied, and `{ stopped }`, which says whether nobody wants the
   *   result any more
   * @param signal when it aborts, work that waits is taken out of the queue, work that runs is told,
   *   and this rejects
   */
  run<Input, Output>(
    work: (input: Input, context: TaskContext) => Output | Promise<Output>,
    input: Input,
    signal?: AbortSignal,
  ): Promise<Output>;
}

/** 16 threads for work that waits. */
export const threads: Pool = {
  run: (work, input, signal) => runElsewhere(house().places.threads, work, input, signal),
};

/** A thread a core, for work that computes. */
export const workers: Pool = {
  run: (work, input, signal) => runElsewhere(house().places.workers, work, input, signal),
};

/** A process a core, for work that computes and shall share nothing. */
export const processes: Pool = {
  run: (work, input, signal) => runElsewhere(house().places.processes, work, input, signal),
};

/**
 * Work that the service owns: it runs after the reply, 64 at once, and the service does not stop
 * before it has ended (3 s at most).
 *
 * @param work gets a signal of its own, which aborts when the service can wait no longer
 */
export async function inBackground(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const task = {
    module: import.meta.url,
    name: work.name || "work",
    run: (_: null, { signal }: { signal: AbortSignal }) => work(signal),
  };
  await house().places.background.accept(task, null);
}
