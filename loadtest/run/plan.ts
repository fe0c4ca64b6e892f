import type { DriverOptions } from "../drivers/create-driver.ts";
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
