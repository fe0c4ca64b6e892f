import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { PauseData } from "./process-paused.ts";

/** Memory by which the watch thread reports; it does nothing for what is undefined. */
export interface WatchThreadData {
  readonly sampler?: Int32Array;
  readonly pool?: Int32Array;
  readonly pauses?: PauseData;
  /** Needs `pool` as well. */
  readonly lookups?: Int32Array;
}

const watchThreads = new WeakSet<Worker>();

/** Timeout for the thread's start; without the thread there is less to see. */
const startMs = 5_000;

/** Starts the watch thread, which does not keep the process alive, and resolves when it watches. */
export async function startWatchThread(data: WatchThreadData): Promise<void> {
  const thread = new Worker(new URL("./watch-thread.ts", import.meta.url), {
    workerData: data,
    name: "unblock diagnose",
    // The program's own flags would load the program's preloads, or this, once more.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 },
  });
  watchThreads.add(thread);
  // An error of the watch thread must not end the program.
  thread.on("error", () => {});
  await once(thread, "message", { signal: AbortSignal.timeout(startMs) }).catch(() => {});
  thread.unref();
}

export function isWatchThread(thread: Worker): boolean {
  return watchThreads.has(thread);
}
