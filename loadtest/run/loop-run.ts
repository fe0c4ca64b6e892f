import type { Recorder } from "./recorder.ts";
import type { Sender } from "./sender.ts";

/** What a loop works with. */
export interface LoopRun {
  readonly recorder: Recorder;
  readonly sender: Sender;
  /** The run's begin, on this thread's `performance.now()`. */
  readonly beginMs: number;
  /** Takes the number of the next call, from 1; no other thread gets the same. */
  readonly claim: () => number;
  /** To be called once: no more calls will be sent. Some may still be in progress. */
  readonly onAllSent: () => void;
}

export interface RunningLoop {
  /** Sends no more. */
  stop(): void;
  /** Calls that were sent late because as many as are allowed were in progress. */
  readonly heldBack: number;
}
