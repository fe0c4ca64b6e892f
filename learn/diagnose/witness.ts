import type { Stack } from "./stack.ts";

/** Sees what the thread does while it can't tell by itself. */
export interface Witness {
  /** The loop has turned; the thread had starved for so long then, in all. */
  onTurn(starvedMs: number): void;
  /** What it has seen since it was last asked. */
  take(): Evidence;
}

/** What was seen. Times are on the monotonic clock. */
export interface Evidence {
  /** The stack that held the thread most of that time; undefined when none did, or nothing was seen. */
  heldBetween(beganMs: number, endedMs: number): Stack | undefined;
  /** What came right after the longest call of native code in that time; undefined when that was not seen. */
  afterNativeCode(beganMs: number, endedMs: number): Stack | undefined;
}
