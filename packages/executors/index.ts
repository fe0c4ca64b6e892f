import type { ExecutorName } from "@unblock/proto/exercises";
import { createBackground } from "./background.ts";
import type { ExecutorsConfig } from "./executor.ts";
import { createEventLoop, createLibuv } from "./local.ts";
import { createProcesses } from "./processes.ts";
import { createQueue } from "./queue.ts";
import { createThreadPool } from "./thread-pool.ts";

/** An executor's name as a key, such as `eventLoop`. */
type Key<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Rest>}`
  : Name;

/** All executors. */
export type Executors = ReturnType<typeof createExecutors>;

export function createExecutors(config: ExecutorsConfig) {
  const { blockingThreads, cpuWorkers, maxQueue, log } = config;
  return {
    eventLoop: createEventLoop(config),
    libuv: createLibuv(config),
    // A blocked thread costs memory but no CPU, so their number is that of the calls that should
    // wait at once, whatever the number of cores.
    blockingPool: createThreadPool("blocking-pool", blockingThreads, maxQueue, log),
    // One per core: more would only compete for the cores.
    cpuPool: createThreadPool("cpu-pool", cpuWorkers, maxQueue, log),
    processes: createProcesses(config),
    background: createBackground(config),
    queue: createQueue(config),
  } satisfies Record<Key<ExecutorName>, { readonly name: string }>;
}
