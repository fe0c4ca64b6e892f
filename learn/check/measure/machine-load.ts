import { readFileSync } from "node:fs";
import { readBusyMs } from "../../../machine/quiet.ts";

/** How much of the machine is in use, and by whom. */
export interface LoadReading {
  /** CPU time of all cores since the machine's start, with what its host gave to others, in milliseconds. */
  readonly busyMs: number;
  readonly atMs: number;
}

export function readLoad(): LoadReading {
  return { busyMs: readBusyMs() + readStolenMs(), atMs: performance.now() };
}

/** In which unit Linux counts for programs, whatever its kernel's clock is, in milliseconds. */
const tickMs = 10;
const stolenField = 8;

/**
 * How long a virtual machine wanted to run and its host ran others; 0 where that is not known.
 *
 * @see https://www.kernel.org/doc/html/latest/filesystems/proc.html
 */
function readStolenMs(): number {
  try {
    const [all = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    return Number(all.split(/\s+/)[stolenField] ?? 0) * tickMs;
  } catch {
    return 0;
  }
}

/**
 * How many cores others kept busy between two readings.
 *
 * @param ownCpuMs what the check and its service used meanwhile
 */
export function coresOfOthers(from: LoadReading, to: LoadReading, ownCpuMs: number): number {
  const passedMs = to.atMs - from.atMs;
  return passedMs <= 0 ? 0 : Math.max(0, to.busyMs - from.busyMs - ownCpuMs) / passedMs;
}
