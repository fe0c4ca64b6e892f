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

/**
 * For how many milliseconds something on this machine could have run while others had the cores, by the
 * kernel's pressure stall information; 0 where the system does not tell.
 *
 * @see https://docs.kernel.org/accounting/psi.html
 */
export function openCrowding(): () => number {
  const buffer = Buffer.alloc(128);
  try {
    if (process.execArgv.includes("--trace-sync-io")) {
      return () => 0;
    }
    const descriptor = openSync("/proc/pressure/cpu", "r");
    return () => {
      const bytes = readSync(descriptor, buffer, 0, buffer.length, 0);
      const [, totalUs] = /^some .*total=(\d+)/.exec(buffer.toString("latin1", 0, bytes)) ?? [];
      return Number(totalUs ?? 0) / 1e3;
    };
  } catch {
    return () => 0;
  }
}
