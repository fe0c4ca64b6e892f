import { LatencyHistogram } from "@unblock/loadtest/histogram";
import { latencyBuckets, latencyDistribution } from "@unblock/loadtest/report/build";
import type { FullReport, Report, UnblockReport } from "@unblock/loadtest/report/report";

/** One second of an invented run: latencies of its calls, and the count of failed ones. */
export interface Second {
  readonly latenciesMs: readonly number[];
  readonly errors?: number;
}

/** Makes a report of an invented run in the load client's format. */
export function makeReport(
  seconds: readonly Second[],
  more: Partial<Report> = {},
  unblock: Partial<UnblockReport> = {},
): FullReport {
  const perSecond = seconds.map(({ latenciesMs }) => histogramOf(latenciesMs));
  const latency = LatencyHistogram.merge(perSecond);
  const errors = seconds.reduce((sum, second) => sum + (second.errors ?? 0), 0);
  const encoded = latency.encode();
  return {
    endReason: "timeout",
    options: { call: "shop.v1.Orders/GetOrder", host: "127.0.0.1:8080", connections: 1 },
    date: "2026-01-02T03:04:05.678Z",
    count: latency.count,
    total: seconds.length * 1e9,
    average: Math.round(latency.mean * 1e6),
    fastest: Math.round(latency.min * 1e6),
    slowest: Math.round(latency.max * 1e6),
    rps: seconds.length === 0 ? 0 : latency.count / seconds.length,
    errorDistribution: errors > 0 ? { "the queue is full": errors } : {},
    statusCodeDistribution: {
      OK: latency.count - errors,
      ...(errors > 0 ? { ResourceExhausted: errors } : {}),
    },
    latencyDistribution: latency.count === 0 ? null : latencyDistribution(latency),
    histogram: latency.count === 0 ? null : latencyBuckets(latency),
    details: null,
    ...more,
    unblock: {
      version: 1,
      load: {
        protocol: "grpc",
        codec: "proto",
        http: "2",
        get: false,
        strategy: null,
        connections: 1,
        threads: 1,
        timeout_ms: 20_000,
        warmup_ms: 0,
        kind: "unary",
        loop: {
          kind: "open",
          arrivals: "constant",
          stages: [{ from_rate: 100, to_rate: 100, duration_ms: seconds.length * 1_000 }],
        },
      },
      details: { sampled: false, uniform: latency.count, slowest: 0, of: latency.count },
      histograms: { latency: encoded, service: encoded, lateness: histogramOf([0.5]).encode() },
      intervals: seconds.map((second, at) => {
        const histogram = perSecond[at] ?? new LatencyHistogram();
        return {
          start_ms: at * 1_000,
          end_ms: (at + 1) * 1_000,
          sent: histogram.count,
          calls: histogram.count,
          errors: second.errors ?? 0,
          p50_ms: histogram.percentile(50),
          p90_ms: histogram.percentile(90),
          p99_ms: histogram.percentile(99),
          max_ms: histogram.max,
          histogram: histogram.encode(),
          client: { late_p99_ms: 0.5, loop_delay_max_ms: 2, utilization: 0.1, gc_ms: 1 },
          client_limited: [],
        };
      }),
      verdict: { client_limited: false, reasons: [] },
      slowest: [],
      unfinished: 0,
      held_back: 0,
      ran_on: {},
      slo: [],
      environment: { node: "v26.10.0", os: "Linux 6.1", cpu: "a CPU", cores: 2 },
      ...unblock,
    },
  };
}

function histogramOf(latenciesMs: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of latenciesMs) {
    histogram.record(ms);
  }
  return histogram;
}
