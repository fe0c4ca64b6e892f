import { existsSync, openSync, readSync } from "node:fs";

const schedstat = "/proc/thread-self/schedstat";

/**
 * For how many milliseconds this thread could have run while others had the cores. Only Linux tells; 0
 * elsewhere.
 */
export type ReadStarvedMs = () => number;

/** Whether the system tells. */
export function isStarvationKnown(): boolean {
  return existsSync(schedstat);
}

export function openStarvation(): ReadStarvedMs {
  const buffer = Buffer.alloc(64);
  try {
    // With this flag Node prints a stack for each read like those below.
    if (process.execArgv.includes("--trace-sync-io")) {
      return () => 0;
    }
    const descriptor = openSync(schedstat, "r");
    return () => {
      const bytes = readSync(descriptor, buffer, 0, buffer.length, 0);
      const [, waitedNs] = buffer.toString("latin1", 0, bytes).split(" ");
      return Number(waitedNs) / 1e6;
    };
  } catch {
    return () => 0;
  }
}
