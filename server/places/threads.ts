import type { PlacesConfig } from "./place.ts";
import type { RunnerPlace } from "./runner-pool.ts";
import { createThreadPool } from "./thread-pool.ts";

/**
 * Threads for blocking calls. A blocked thread costs memory and no CPU, so there are as many as
 * calls shall wait at once, whatever the number of cores.
 */
export function createThreads({ blockingThreads, maxQueue, log }: PlacesConfig): RunnerPlace {
  return createThreadPool("threads", blockingThreads, maxQueue, log);
}
