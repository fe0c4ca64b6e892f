import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { WatchThreadData } from "./watch-thread-data.ts";

/** The threads that only watch. */
const watching = new WeakSet<Worker>();

/** How long is waited for it to begin, in milliseconds; without it there is less to see, and that is all. */
const beginMs = 5_000;

/** Starts the thread, which does not keep the process, and resolves when it watches. */
export async function startWatchThread(data: WatchThreadData): Promise<void> {
  const thread = new Worker(new URL("./watch-thread.ts", import.meta.url), {
    workerData: data,
    name: "unblock diagnose",
    // Not what the watched program was started with: that would load it, or this, once more.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 },
  });
  watching.add(thread);
  // An error here is no reason for the watched program to end.
  thread.on("error", () => {});
  await once(thread, "message", { signal: AbortSignal.timeout(beginMs) }).catch(() => {});
  thread.unref();
}

export function isWatchThread(thread: Worker): boolean {
  return watching.has(thread);
}
