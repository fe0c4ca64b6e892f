import type { Recorder } from "./recorder.ts";
import type { Sender } from "./sender.ts";

/** What a loop works with. */
export interface LoopRun {
  readonly recorder: Recorder;
  readonly sender: Sender;
  /** What is random in the calls is drawn from it. */
  readonly seed: string;
  /** The run's begin, on this thread's `performance.now()`. */
  readonly beginMs: number;
  /** Takes the number of the next call, from 1; no other thread gets the same. */
  readonly claim: () => number;
  /** No more calls will be sent. Some may still be in progress. */
  readonly onAllSent: () => void;
}

export interface RunningLoop {
  /** When it sends no more, on this thread's `performance.now()`; Infinity if only a number ends it. */
  readonly untilMs: number;
  /** Sends no more. */
  stop(): void;
  /** To be called at the end: records calls that were due and could not be sent. */
  giveUp(): void;
  /** Calls that were sent late because as many as are allowed were in progress. */
  readonly heldBack: number;
}
