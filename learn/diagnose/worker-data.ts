import type { Blockage } from "./watch-loop.ts";
import type { PauseData } from "./watch-thread-data.ts";

/** What worker threads of the program get from the main thread, by Node's environment data. */
export const workerDataKey = "unblock diagnose";

export interface WorkerWatchData {
  readonly pauses: PauseData;
}

/** The BroadcastChannel by which they report. */
export const workerChannel = "unblock diagnose: blocked workers";

export interface WorkerReport {
  readonly threadId: number;
  /** What the thread was started with. */
  readonly file: string;
  readonly blockages: readonly Blockage[];
}
