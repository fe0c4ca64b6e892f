import { ChildProcess } from "./child-process.ts";
import type { PlacesConfig } from "./place.ts";
import { createRunnerPool, type RunnerPlace } from "./runner-pool.ts";

/**
 * Long-lived child processes, one task at a time each. They share nothing with the server: a crash
 * costs one task, and each has a libuv pool of its own. A process in the middle of a computation hears
 * nothing, so a task that nobody wants any more is ended with its process at once.
 */
export function createProcesses({ processes, maxQueue, log }: PlacesConfig): RunnerPlace {
  const start = () => new ChildProcess(log);
  const config = {
    name: "processes",
    size: processes,
    maxQueue,
    kind: "process",
    stopMs: 0,
  } as const;
  return createRunnerPool({ ...config, start, log });
}
