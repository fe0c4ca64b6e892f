import { createBackground } from "./background.ts";
import { createEventLoop, createLibuv } from "./local.ts";
import type { PlacesConfig } from "./place.ts";
import { createProcesses } from "./processes.ts";
import { createQueue } from "./queue.ts";
import type { RunnerPlace } from "./runner-pool.ts";
import { createThreadPool } from "./thread-pool.ts";

/**
 * Threads for blocking calls. A blocked thread costs memory but no CPU, so their number is that of
 * the calls that should wait at once, whatever the number of cores.
 */
function createThreads({ blockingThreads, maxQueue, log }: PlacesConfig): RunnerPlace {
  return createThreadPool("threads", blockingThreads, maxQueue, log);
}

/** Threads for CPU work, one per core: more would only compete for the cores. */
function createWorkers({ cpuWorkers, maxQueue, log }: PlacesConfig): RunnerPlace {
  return createThreadPool("workers", cpuWorkers, maxQueue, log);
}

/** All executors. */
export type Places = ReturnType<typeof createPlaces>;

export function createPlaces(config: PlacesConfig) {
  return {
    eventLoop: createEventLoop(config),
    libuv: createLibuv(config),
    threads: createThreads(config),
    workers: createWorkers(config),
    processes: createProcesses(config),
    background: createBackground(config),
    queue: createQueue(config),
  };
}
