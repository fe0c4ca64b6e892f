import type { Place, PlacesConfig } from "./place.ts";
import { createThreadPool } from "./thread-pool.ts";

/**
 * Threads for blocking calls. A blocked thread costs memory and no CPU, so there are as many as
 * calls shall wait at once, whatever the number of cores.
 */
export function createThreads({ blockingThreads, maxQueue, log }: PlacesConfig): Place {
  return createThreadPool("threads", blockingThreads, maxQueue, log);
}
