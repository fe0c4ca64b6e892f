import { createBackground } from "./background.ts";
import { createEventLoop } from "./event-loop.ts";
import { createLibuv } from "./libuv.ts";
import type { PlacesConfig } from "./place.ts";
import { createProcesses } from "./processes.ts";
import { createQueue } from "./queue.ts";
import { createThreads } from "./threads.ts";
import { createWorkers } from "./workers.ts";

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
