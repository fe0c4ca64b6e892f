import type { DriverOptions } from "../drivers/create-driver.ts";
import type { Bucket } from "../histogram.ts";
import type { SlowCall } from "../report/report.ts";
import type { Arrivals, Stage } from "../schedule/schedule.ts";

/** A load as plain data, sent to all its threads. */
export interface LoadPlan {
  readonly target: {
    /** A google.protobuf.FileDescriptorSet. */
    readonly descriptorSet: Uint8Array;
    /** "package.Service" */
    readonly service: string;
    readonly method: string;
  };
  readonly kind: "unary" | "server_streaming";
  /** Whether the server is this project's own, started for the load and therefore cold. */
  readonly ownServer: boolean;
  /** `connections` is the total, shared out among the threads. */
  readonly driver: DriverOptions;
  readonly requests: {
    readonly data?: string;
    /** Requests as JSON, used in turn. */
    readonly rows?: readonly string[];
  };
  readonly header: Readonly<Record<string, string>>;
  /** Seed of everything random in requests and arrivals. */
  readonly seed: string;
  /** Deadline of each call in milliseconds; 0 for none. */
  readonly timeoutMs: number;
  /** Duration of the same load before the run, which is not counted; 0 for none. */
  readonly warmupMs: number;
  readonly threads: number;
  readonly loop: Loop;
}

/** How long calls in progress may take at the end of a load. */
export interface DrainLimits {
  /** After an interruption. */
  readonly interruptedMs: number;
  /** After the regular end, for calls without a deadline. */
  readonly withoutDeadlineMs: number;
}

export type Loop = ClosedLoop | OpenLoop;

/** Keeps a number of calls in progress, each followed by the next. */
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

/** Duration of a loop; Infinity if a number of calls ends it. */
export function durationMsOf(loop: Loop): number {
  if (loop.kind === "open") {
    return loop.stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }
  return "durationMs" in loop.until ? loop.until.durationMs : Number.POSITIVE_INFINITY;
}

/** A thread's part of `total`, shared out evenly. */
export function shareOf(total: number, threads: number, thread: number): number {
  return Math.floor(total / threads) + (thread < total % threads ? 1 : 0);
}

/** Part of a run, the same for all threads: the warm-up, or the measured load. */
export interface Phase {
  readonly loop: Loop;
  /** Start on the machine's monotonic clock. */
  readonly startMs: number;
  /** Number of claimed calls, one Int32 shared by all threads. */
  readonly claims: SharedArrayBuffer;
  readonly seed: string;
}

export type ToThread =
  | { readonly kind: "run"; readonly phase: Phase }
  /** Send no more calls; those in progress get `DrainLimits.interruptedMs`. */
  | { readonly kind: "stop" };

export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "interval"; readonly part: IntervalPart }
  | { readonly kind: "ended"; readonly totals: ThreadTotals };

/** One thread's figures of one second. Times are in milliseconds since the start of the run. */
export interface IntervalPart {
  /** The second, from 0. */
  readonly index: number;
  readonly sent: number;
  readonly calls: number;
  readonly errors: number;
  /** Latencies of calls that ended. Encoded histograms would leave much garbage each second. */
  readonly latency: readonly Bucket[];
  /** Delay of sends after their intended moments; undefined in a closed loop. */
  readonly lateness: readonly Bucket[] | undefined;
  readonly endMs: number;
  readonly self: SelfReading;
}

/** A thread's own condition since the previous reading. */
export interface SelfReading {
  readonly loopDelayMaxMs: number;
  /** Sum of event-loop delays beyond the usual delay of timers. */
  readonly stalledMs: number;
  readonly gcMs: number;
  /** Time in which the event loop was not idle. */
  readonly activeMs: number;
}

/** One thread's figures of the whole run. */
export interface ThreadTotals {
  readonly codes: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** Calls by executor. */
  readonly ranOn: Readonly<Record<string, number>>;
  readonly service: string | undefined;
  readonly firstMessage: string | undefined;
  readonly messageGap: string | undefined;
  readonly sample: readonly SampledCall[];
  readonly slowest: readonly SlowCall[];
  /** Calls without a response at the end; the other counts include them. */
  readonly unfinished: number;
  /** Calls sent late because the maximum was in progress. */
  readonly heldBack: number;
  /** End of the last call, in milliseconds since the start of the run. */
  readonly endMs: number;
}

export interface SampledCall {
  readonly endedMs: number;
  readonly latencyMs: number;
  readonly code: string;
  readonly message: string;
}
