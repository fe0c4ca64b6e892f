import type { Task } from "../../../server/places/place.ts";
import { createThreadPool } from "../../../server/places/thread-pool.ts";
import { work } from "./work.ts";

/** Threads that have begun already, so that a measurement is not about their start. */
export interface Pool extends AsyncDisposable {
  run<Input, Output>(task: Task<Input, Output>, input: Input): Promise<Output>;
}

const noCaller = { signal: new AbortController().signal };
const mostWaiting = 10_000;

export async function openPool(size: number): Promise<Pool> {
  const place = createThreadPool("quiz", size, mostWaiting);
  const run: Pool["run"] = async (task, input) => (await place.run(task, input, noCaller)).value;
  // Each thread gets some of them.
  await Promise.all(Array.from({ length: 4 * size }, () => run(work.warmUp, null)));
  return { run, [Symbol.asyncDispose]: () => place.close() };
}
