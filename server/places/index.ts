import { createBackground } from "./background.ts";
import { createEventLoop, createLibuv } from "./local.ts";
import type { PlacesConfig } from "./place.ts";
import { createProcesses } from "./processes.ts";
import { createQueue } from "./queue.ts";
import type { RunnerPlace } from "./runner-pool.ts";
import { createThreadPool } from "./thread-pool.ts";

/**
 * Threads for blocking calls. A blocked thread costs memory and no CPU, so there are as many as
 * calls shall wait at once, whatever the number of cores.
 */
function createThreads({ blockingThreads, maxQueue, log }: PlacesConfig): RunnerPlace {
  return createThreadPool("threads", blockingThreads, maxQueue, log);
}

/** Threads for CPU work, one a core: more would only take the cores from each other. */
function createWorkers({ cpuWorkers, maxQueue, log }: PlacesConfig): RunnerPlace {
  return createThreadPool("workers", cpuWorkers, maxQueue, log);
}

/** Every place there is, open. */
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
