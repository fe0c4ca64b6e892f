import type { PlacesConfig } from "./place.ts";
import type { RunnerPlace } from "./runner-pool.ts";
import { createThreadPool } from "./thread-pool.ts";

/** Threads for CPU work, one a core: more would only take the cores from each other. */
export function createWorkers({ cpuWorkers, maxQueue, log }: PlacesConfig): RunnerPlace {
  return createThreadPool("workers", cpuWorkers, maxQueue, log);
}
