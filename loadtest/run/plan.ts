import type { DriverOptions } from "../drivers/create-driver.ts";
import type { Bucket } from "../histogram.ts";
import type { SlowCall } from "../report/report.ts";
import type { Arrivals, Stage } from "../schedule/schedule.ts";

/** A load as all its threads are told it: plain data. */
export interface LoadPlan {
  readonly target: {
    /** A google.protobuf.FileDescriptorSet. */
    readonly descriptorSet: Uint8Array;
    /** "package.Service" */
    readonly service: string;
    readonly method: string;
  };
  readonly kind: "unary" | "server_streaming";
  /** Whether the server is this project's, which was started for the load and is cold. */
  readonly ownServer: boolean;
  /** `connections` are those of the whole load, shared out among the threads. */
  readonly driver: DriverOptions;
  readonly requests: {
    readonly data?: string;
    /** Rows of a data file, each a request as JSON, used in turn. */
    readonly rows?: readonly string[];
  };
  readonly header: Readonly<Record<string, string>>;
  /** What is random in the requests and in when they are due is drawn from it. */
  readonly seed: string;
  /** Each call's deadline, in milliseconds; 0 for none. */
  readonly timeoutMs: number;
  /** A load of the same kind that is sent first and not counted, in milliseconds; 0 for none. */
  readonly warmupMs: number;
  readonly threads: number;
  readonly loop: Loop;
}

/** How long calls in progress are waited for at the end, in milliseconds. */
export interface Patience {
  /** When a person ends the load. */
  readonly interruptedMs: number;
  /** When the load ends by itself, and its calls have no deadline. */
  readonly withoutDeadlineMs: number;
}

export const defaultPatience: Patience = { interruptedMs: 2_000, withoutDeadlineMs: 30_000 };

export type Loop = ClosedLoop | OpenLoop;

/** Keeps so many calls in progress, each followed by the next. */
export interface ClosedLoop {
  readonly kind: "closed";
  readonly concurrency: number;
  readonly until: { readonly requests: number } | { readonly durationMs: number };
}

/** Sends calls when they are due, however many are in progress. */
export interface OpenLoop {
  readonly kind: "open";
  readonly stages: readonly Stage[];
  readonly arrivals: Arrivals;
}

/** How many of `total` a thread gets when they are shared out evenly. */
export function shareOf(total: number, threads: number, thread: number): number {
  return Math.floor(total / threads) + (thread < total % threads ? 1 : 0);
}

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
