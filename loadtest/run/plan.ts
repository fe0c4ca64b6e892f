import type { DriverOptions } from "../drivers/create-driver.ts";
import type { Bucket } from "../histogram.ts";
import type { SlowCall } from "../report/report.ts";
import type { Arrivals, Stage } from "./schedule.ts";

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
  /** Requests as JSON, used in turn; default: the example. */
  readonly rows: readonly string[] | undefined;
  readonly header: Readonly<Record<string, string>>;
  /** Seed of everything random in requests and arrivals. */
  readonly seed: string;
  /** Deadline of each call; 0 for none. */
  readonly timeoutMs: number;
  /** Duration of the same load before the run, which is not counted. */
  readonly warmupMs: number;
  readonly threads: number;
  readonly loop: Loop;
}

/** Max time that calls in progress may take at the end of a load. */
export interface DrainLimits {
  readonly interruptedMs: number;
  /** After the regular end, for calls without a deadline. */
  readonly withoutDeadlineMs: number;
}

export type Loop = ClosedLoop | OpenLoop;

export interface ClosedLoop {
  readonly kind: "closed";
  readonly concurrency: number;
  readonly until: { readonly requests: number } | { readonly durationMs: number };
}

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

/** Number of calls that ends a loop; undefined if its duration does. */
export function requestsOf(loop: Loop): number | undefined {
  return loop.kind === "closed" && "requests" in loop.until ? loop.until.requests : undefined;
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

/** "stop": send no more calls; those in progress get `DrainLimits.interruptedMs`. */
export type ToThread = Phase | "stop";

export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "interval"; readonly part: IntervalPart }
  | { readonly kind: "ended"; readonly totals: ThreadTotals };

/** One thread's figures of one second. Times are in milliseconds since the start of the run. */
export interface IntervalPart {
  /** The second, from 0. */
  readonly index: number;
  readonly sent: number;
  readonly calls: number;
  readonly errors: number;
  /** Encoded histograms would leave much garbage each second. */
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

/** Counts of a thread's calls, or of all calls. */
export interface Counts {
  /** Calls by code, such as "ok". */
  readonly codes: Readonly<Record<string, number>>;
  /** Failed calls by message. */
  readonly errors: Readonly<Record<string, number>>;
  /** Calls by executor. */
  readonly ranOn: Readonly<Record<string, number>>;
  readonly sample: readonly SampledCall[];
  readonly slowest: readonly SlowCall[];
  /** Calls without a response at the end: failed, with their age as latency. */
  readonly unfinished: number;
  /** Calls sent late because the maximum was in progress. */
  readonly heldBack: number;
}

/** One thread's figures of the whole run. Histograms are encoded. */
export interface ThreadTotals extends Counts {
  readonly service: string | undefined;
  readonly firstMessage: string | undefined;
  readonly messageGap: string | undefined;
  /** End of the last call, in milliseconds since the start of the run. */
  readonly endMs: number;
}

export interface SampledCall {
  readonly endedMs: number;
  readonly latencyMs: number;
  readonly code: string;
  readonly message: string;
}
