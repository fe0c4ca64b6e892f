/**
 * A report in ghz's format, of ghz or of this client, which adds the key `unblock`. Durations are whole
 * nanoseconds, marks are seconds. JSON omits what is undefined.
 *
 * @see https://ghz.sh/docs/output#json
 */
export interface Report {
  readonly name?: string | undefined;
  /** "normal", "timeout" (end of the duration) or "cancel". */
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
  /** Failed calls by message. */
  readonly errorDistribution: Readonly<Record<string, number>> | null;
  /** Calls by gRPC status name, such as "OK" or "DeadlineExceeded". */
  readonly statusCodeDistribution: Readonly<Record<string, number>> | null;
  readonly latencyDistribution:
    | readonly { readonly percentage: number; readonly latency: number }[]
    | null;
  readonly histogram: readonly Bucket[] | null;
  readonly details: readonly Detail[] | null;
  readonly unblock?: UnblockReport;
}

/** A report of this client, or of ghz with what follows from its list of calls. */
export interface FullReport extends Report {
  readonly unblock: UnblockReport;
}

export interface ReportOptions {
  /** "package.Service/Method" */
  readonly call?: string;
  /** host:port */
  readonly host?: string;
  readonly concurrency?: number;
  readonly connections?: number;
  readonly [other: string]: unknown;
}

export interface Bucket {
  readonly mark: number;
  readonly count: number;
  /** 0 to 1. */
  readonly frequency: number;
}

export interface Detail {
  /** End of the call. */
  readonly timestamp: string;
  readonly latency: number;
  readonly error: string;
  readonly status: string;
}

/** Data that ghz's format has no field for. Times are in milliseconds since the start of the run. */
export interface UnblockReport {
  readonly version: 1;
  /** Absent, like the environment, for a run of ghz. */
  readonly load?: LoadDescription;
  /** `details` are `uniform` uniformly sampled calls, then the `slowest` slowest, of `of` calls. */
  readonly details: {
    readonly sampled: boolean;
    readonly uniform: number;
    readonly slowest: number;
    readonly of: number;
  };
  readonly histograms: EncodedHistograms;
  /** One per second; fewer and longer ones in a long run. */
  readonly intervals: readonly Interval[];
  readonly verdict: { readonly client_limited: boolean; readonly reasons: readonly string[] };
  /** The slowest calls, slowest first. */
  readonly slowest: readonly SlowCall[];
  /**
   * Calls without a response when the load ended, including calls that could not be sent. All other
   * counts include them as failed ("Canceled"), with their age as latency.
   */
  readonly unfinished: number;
  /** Calls sent late because the maximum was in progress; their latency includes the wait. */
  readonly held_back: number;
  /** Calls by executor, if the server reports it. */
  readonly ran_on: Readonly<Record<string, number>>;
  readonly slo: readonly SloResult[];
  readonly environment?: {
    readonly node: string;
    readonly os: string;
    readonly cpu: string;
    readonly cores: number;
  };
}

export interface LoadDescription {
  readonly protocol: "grpc" | "grpc-web" | "connect";
  readonly codec: "proto" | "json";
  readonly http: "1.1" | "2";
  readonly get: boolean;
  /** null for the server's default. */
  readonly strategy: string | null;
  readonly connections: number;
  readonly threads: number;
  readonly timeout_ms: number;
  readonly warmup_ms: number;
  /** Seed of the requests. */
  readonly seed?: string;
  readonly loop:
    | { readonly kind: "closed"; readonly concurrency: number }
    | {
        readonly kind: "open";
        readonly arrivals: "constant" | "poisson";
        readonly stages: readonly {
          readonly from_rate: number;
          readonly to_rate: number;
          readonly duration_ms: number;
        }[];
      };
  readonly kind: "unary" | "server_streaming";
}

/** HDR histograms (V2, compressed, Base64) in microseconds; each covers every call. */
export interface EncodedHistograms {
  /** To the end of the call, from its intended moment (open loop) or its send (closed loop). */
  readonly latency: string;
  /** From the send to the end of the call; without calls that could not be sent. */
  readonly service: string;
  /** From the intended moment to the send; open loop only. */
  readonly lateness?: string | undefined;
  /** Server streams: from the send to the first message, and between messages. */
  readonly first_message?: string | undefined;
  readonly message_gap?: string | undefined;
}

export interface Interval {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly sent: number;
  /** Calls that ended. */
  readonly calls: number;
  readonly errors: number;
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Latencies of the calls that ended, encoded like `EncodedHistograms`. */
  readonly histogram: string;
  /** Condition of the client itself. */
  readonly client: {
    /** 0 in a closed loop. */
    readonly late_p99_ms: number;
    readonly loop_delay_max_ms: number;
    /** Share of time in which the busiest thread was not idle, 0 to 1. */
    readonly utilization: number;
    /** Garbage collection of the thread with the most. */
    readonly gc_ms: number;
  };
  /** Reasons why the client, not the server, determined these figures; empty if it did not. */
  readonly client_limited: readonly string[];
}

export interface SlowCall {
  /** The call's number, from 1. */
  readonly n: number;
  /** Intended moment in an open loop; equal to `sent_ms` in a closed loop. */
  readonly intended_ms: number;
  readonly sent_ms: number;
  /** Time of the write to the connection. */
  readonly written_ms: number;
  /** Start of the steps; absent if the server does not report it. */
  readonly began_ms?: number;
  readonly ended_ms: number;
  readonly latency_ms: number;
  readonly status: string;
  readonly error: string;
  readonly thread: number;
  readonly connection: number;
  /** From the header `server-timing`, such as queue and work. */
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  /** The header `unblock-ran-on`; absent if the server does not send it. */
  readonly ran_on?: string;
}

export interface SloResult {
  /** Text of the threshold, such as "p99<50ms". */
  readonly slo: string;
  /** In the unit of the threshold. */
  readonly measured: number;
  readonly held: boolean;
}
