import { counterBytes } from "../../server/backends/call-counts.ts";

/** What the toolbox's functions do to the thread that calls them. */
export type Holding = "waiting" | "computing";

export const holdings: readonly Holding[] = ["waiting", "computing"];
/** Thread numbers beyond this share a cell. */
export const threadCells = 1_024;
export const holdingBytes = counterBytes + threadCells * Int32Array.BYTES_PER_ELEMENT;

/** Memory for all threads of a service to count in. */
export function createUsageMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(holdings.length * holdingBytes);
}
