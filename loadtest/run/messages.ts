import type { Bucket } from "../histogram.ts";
import type { SlowCall } from "../report/report.ts";
import type { Loop } from "./plan.ts";

/** What goes between the thread that leads a run and those that make the load. */

/** A part of the run, for all threads alike: the warm-up, or what is measured. */
export interface Phase {
  readonly loop: Loop;
  /** When it begins, on the machine's monotonic clock. */
  readonly startMs: number;
  /** The number of the call that is to be claimed next, one Int32 that all threads share. */
  readonly claims: SharedArrayBuffer;
  /** All that is random in the load is drawn from it, in every thread the same. */
  readonly seed: string;
}

export type ToThread =
  | { readonly kind: "run"; readonly phase: Phase }
  /** Send no more; what is in progress has a short time to end. */
  | { readonly kind: "stop" };

export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "interval"; readonly part: IntervalPart }
  | { readonly kind: "ended"; readonly totals: ThreadTotals };

/** What one thread saw in one second of the run. Times are milliseconds from the run's begin. */
export interface IntervalPart {
  /** The second, from 0. */
  readonly index: number;
  readonly sent: number;
  readonly calls: number;
  readonly errors: number;
  /** Of the calls that ended. Plain buckets: to encode them each second would leave much garbage. */
  readonly latency: readonly Bucket[];
  /** How late calls were sent. */
  readonly lateness: readonly Bucket[] | undefined;
  readonly endMs: number;
  readonly self: SelfReading;
}

/** How a thread itself did, over some time. */
export interface SelfReading {
  readonly loopDelayMaxMs: number;
  /** The sum of the loop's delays that are more than a timer's usual ones. */
  readonly stalledMs: number;
  readonly gcMs: number;
  /** The time that its loop was not idle. */
  readonly activeMs: number;
}

/** What one thread counted over the whole run. */
export interface ThreadTotals {
  readonly codes: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly places: Readonly<Record<string, number>>;
  readonly service: string | undefined;
  readonly firstMessage: string | undefined;
  readonly messageGap: string | undefined;
  readonly sample: readonly SampledCall[];
  readonly slowest: readonly SlowCall[];
  /** Calls without a response at the end, which are in the other counts too. */
  readonly unfinished: number;
  /** Calls that were held back because as many as are allowed were in progress. */
  readonly heldBack: number;
  /** When the last call ended, in milliseconds from the run's begin. */
  readonly endMs: number;
}

export interface SampledCall {
  readonly endedMs: number;
  readonly latencyMs: number;
  readonly code: string;
  readonly message: string;
}
