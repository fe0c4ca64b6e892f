/**
 * The report of a run, field for field as ghz writes it, with our own data under one more key. Read
 * from a file it may be ghz's own, and then lacks that key.
 *
 * Durations are whole nanoseconds, marks are seconds.
 *
 * @see https://ghz.sh/docs/output#json
 */
export interface Report {
  readonly name?: string;
  /** "normal", "timeout" (the duration was over) or "cancel". */
  readonly endReason?: string;
  readonly options?: ReportOptions;
  /** The end of the run, RFC 3339. */
  readonly date: string;
  readonly count: number;
  readonly total: number;
  readonly average: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Calls per second. */
  readonly rps: number;
  /** Messages of failed calls. */
  readonly errorDistribution: Readonly<Record<string, number>> | null;
  /** By gRPC's name, such as "OK" or "DeadlineExceeded". */
  readonly statusCodeDistribution: Readonly<Record<string, number>> | null;
  readonly latencyDistribution: readonly LatencyAt[] | null;
  readonly histogram: readonly Bucket[] | null;
  readonly details: readonly Detail[] | null;
  readonly tags?: Readonly<Record<string, string>> | null;
  readonly unblock?: UnblockReport;
}

/** The part of ghz's options that a run of ours has too. */
export interface ReportOptions {
  /** "package.Service/Method" */
  readonly call?: string;
  /** host:port */
  readonly host?: string;
  readonly insecure?: boolean;
  readonly concurrency?: number;
  readonly total?: number;
  readonly connections?: number;
  readonly duration?: number;
  readonly timeout?: number;
  readonly rps?: number;
  readonly name?: string;
  readonly [other: string]: unknown;
}

export interface LatencyAt {
  readonly percentage: number;
  readonly latency: number;
}

export interface Bucket {
  readonly mark: number;
  readonly count: number;
  /** 0 to 1. */
  readonly frequency: number;
}

export interface Detail {
  /** The call's end. */
  readonly timestamp: string;
  readonly latency: number;
  readonly error: string;
  readonly status: string;
}

/** What ghz's report has no field for. Times are in milliseconds from the run's begin. */
export interface UnblockReport {
  readonly version: 1;
  readonly load: LoadDescription;
  /** `details` are a uniform sample of `uniform` calls, then the `slowest` slowest, of `of` in all. */
  readonly details: {
    readonly sampled: boolean;
    readonly uniform: number;
    readonly slowest: number;
    readonly of: number;
  };
  readonly histograms: EncodedHistograms;
  /** One a second, or fewer and longer ones where the run was long. */
  readonly intervals: readonly Interval[];
  readonly verdict: Verdict;
  /** The slowest calls, slowest first. */
  readonly slowest: readonly SlowCall[];
  /**
   * Calls that had no response when the load ended, those included that could not be sent. They are in
   * all other counts as failed ("Canceled"), and their latency is their age then.
   */
  readonly unfinished: number;
  /** Calls that waited because the client had as many in progress as it can hold; their latency counts it. */
  readonly held_back: number;
  /** How many calls each place served, where the server says so. */
  readonly ran_on: Readonly<Record<string, number>>;
  readonly slo: readonly SloResult[];
  readonly environment: Environment;
}

export interface LoadDescription {
  readonly protocol: "grpc" | "grpc-web" | "connect";
  readonly codec: "proto" | "json";
  readonly http: "1.1" | "2";
  readonly get: boolean;
  /** null: the server's choice. */
  readonly strategy: string | null;
  readonly connections: number;
  readonly threads: number;
  readonly timeout_ms: number;
  readonly warmup_ms: number;
  /** With the same `--seed` the requests are the same; absent in older reports. */
  readonly seed?: string;
  readonly loop: ClosedLoad | OpenLoad;
  /** Whether each call is answered by one message or by a stream of them. */
  readonly kind: "unary" | "server_streaming";
}

export interface ClosedLoad {
  readonly kind: "closed";
  readonly concurrency: number;
}

/** Latency is then counted from the moment that each call was meant for. */
export interface OpenLoad {
  readonly kind: "open";
  readonly arrivals: "constant" | "poisson";
  readonly stages: readonly {
    readonly from_rate: number;
    readonly to_rate: number;
    readonly duration_ms: number;
  }[];
}

/** HDR histograms (V2, compressed, Base64) of microseconds; each covers every call. */
export interface EncodedHistograms {
  /** Open loop: from the intended moment. Closed loop: from the send. To the call's end. */
  readonly latency: string;
  /** From the request being sent to the call's end; without calls that could not be sent. */
  readonly service: string;
  /** How long after its intended moment each call was sent; open loop only. */
  readonly lateness?: string;
  /** Server streams: from the send to the first message, and between two messages. */
  readonly first_message?: string;
  readonly message_gap?: string;
}

export interface Interval {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly sent: number;
  /** Calls that ended, and how many of them failed. */
  readonly calls: number;
  readonly errors: number;
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Latencies of the calls that ended, encoded as above. */
  readonly histogram: string;
  readonly client: ClientHealth;
  /** Why the client and not the server made these figures; empty when it did not. */
  readonly client_limited: readonly string[];
}

/** How the load client itself did. */
export interface ClientHealth {
  /** How long after its intended moment a call was sent; 0 in a closed loop. */
  readonly late_p99_ms: number;
  readonly loop_delay_max_ms: number;
  /** The part of the time that its busiest thread was not idle, 0 to 1. */
  readonly utilization: number;
  /** Garbage collection of its busiest thread. */
  readonly gc_ms: number;
}

export interface Verdict {
  readonly client_limited: boolean;
  /** In words, for people; empty when it was not. */
  readonly reasons: readonly string[];
}

export interface SlowCall {
  /** The call's number, from 1. */
  readonly n: number;
  /** Open loop: when it was meant to be sent. Closed loop: the same as `sent_ms`. */
  readonly intended_ms: number;
  readonly sent_ms: number;
  /** When it was written to its connection. */
  readonly written_ms: number;
  /** When the server says that it began with the steps; absent when it does not say. */
  readonly began_ms?: number;
  readonly ended_ms: number;
  readonly latency_ms: number;
  readonly status: string;
  readonly error: string;
  readonly thread: number;
  readonly connection: number;
  /** What server-timing says, such as queue and work. */
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  /** The header `unblock-ran-on`; absent when the server does not say. */
  readonly ran_on?: string;
}

export interface SloResult {
  /** As it was given, such as "p99<50ms". */
  readonly slo: string;
  /** In the threshold's unit. */
  readonly measured: number;
  readonly held: boolean;
}

export interface Environment {
  readonly node: string;
  readonly os: string;
  readonly cpu: string;
  readonly cores: number;
}
