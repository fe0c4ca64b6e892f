import type { ExecutorName } from "../../registry/exercises.ts";
import { createBackground } from "./background.ts";
import { createEventLoop, createLibuv } from "./local.ts";
import type { PlacesConfig } from "./place.ts";
import { createProcesses } from "./processes.ts";
import { createQueue } from "./queue.ts";
import { createThreadPool } from "./thread-pool.ts";

/** An executor's name as a key, such as `eventLoop`. */
type Key<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Rest>}`
  : Name;

/** All executors. */
export type Places = ReturnType<typeof createPlaces>;

export function createPlaces(config: PlacesConfig) {
  const { blockingThreads, cpuWorkers, maxQueue, log } = config;
  return {
    eventLoop: createEventLoop(config),
    libuv: createLibuv(config),
    // A blocked thread costs memory but no CPU, so their number is that of the calls that should
    // wait at once, whatever the number of cores.
    threads: createThreadPool("threads", blockingThreads, maxQueue, log),
    // One per core: more would only compete for the cores.
    workers: createThreadPool("workers", cpuWorkers, maxQueue, log),
    processes: createProcesses(config),
    background: createBackground(config),
    queue: createQueue(config),
  } satisfies Record<Key<ExecutorName>, { readonly name: string }>;
}
