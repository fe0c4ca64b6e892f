import { cpus, release, type } from "node:os";
import { statusName } from "../drivers/response.ts";
import type { LatencyHistogram } from "../histogram.ts";
import { durationMsOf, requestsOf } from "../run/plan.ts";
import type { LoadResult } from "../run/run.ts";
import type {
  Bucket,
  Detail,
  FullReport,
  LoadDescription,
  ReportOptions,
  SloResult,
  UnblockReport,
} from "./report.ts";

export interface BuildOptions {
  /** Title of the run. */
  readonly name: string | undefined;
  readonly url: string;
  readonly strategy: string | null;
  readonly slo: readonly SloResult[];
}

const endReasons = { requests: "normal", duration: "timeout", interrupted: "cancel" } as const;

export function buildReport(result: LoadResult, options: BuildOptions): FullReport {
  const { latency, wallMs, codes, errors, endedAt } = result;
  const { name } = options;
  const isEmpty = latency.count === 0;
  return {
    name,
    endReason: endReasons[result.endReason],
    options: describeOptions(result, options),
    date: endedAt.toISOString(),
    count: latency.count,
    total: nanoseconds(wallMs),
    average: nanoseconds(latency.mean),
    fastest: nanoseconds(latency.min),
    slowest: nanoseconds(latency.max),
    rps: wallMs === 0 ? 0 : (latency.count / wallMs) * 1_000,
    errorDistribution: errors,
    statusCodeDistribution: Object.fromEntries(
      Object.entries(codes).map(([code, calls]) => [statusName(code), calls]),
    ),
    latencyDistribution: isEmpty ? null : latencyDistribution(latency),
    histogram: isEmpty ? null : latencyBuckets(latency),
    details: isEmpty ? null : describeCalls(result),
    unblock: describeRun(result, options),
  };
}

function describeOptions({ plan }: LoadResult, { name, url }: BuildOptions): ReportOptions {
  const { loop, target, driver, timeoutMs } = plan;
  const { host, protocol } = new URL(url);
  const [stage, ...more] = loop.kind === "open" ? loop.stages : [];
  const rate = stage?.fromRate === stage?.toRate && more.length === 0 ? stage?.fromRate : undefined;
  const durationMs = durationMsOf(loop);
  return {
    call: `${target.service}/${target.method}`,
    host,
    insecure: protocol === "http:",
    "load-schedule": "const",
    // A rate in ghz's format is a whole number.
    rps: Number.isInteger(rate) ? rate : undefined,
    ...(loop.kind === "closed" ? { concurrency: loop.concurrency } : { async: true }),
    total: requestsOf(loop),
    connections: driver.connections,
    duration: Number.isFinite(durationMs) ? nanoseconds(durationMs) : undefined,
    timeout: timeoutMs > 0 ? nanoseconds(timeoutMs) : undefined,
    name,
  };
}

function describeCalls({ latency, sample, slowest, endedAt, wallMs }: LoadResult): Detail[] {
  const beginMs = endedAt.getTime() - wallMs;
  const detail = (endedMs: number, latencyMs: number, error: string, status: string): Detail => ({
    timestamp: new Date(beginMs + endedMs).toISOString(),
    latency: nanoseconds(latencyMs),
    error,
    status,
  });
  const uniform = sample
    .toSorted((a, b) => a.endedMs - b.endedMs)
    .map((call) => detail(call.endedMs, call.latencyMs, call.message, statusName(call.code)));
  const further = latency.count === sample.length ? [] : slowest;
  return [
    ...uniform,
    ...further.map((call) => detail(call.ended_ms, call.latency_ms, call.error, call.status)),
  ];
}

function describeRun(result: LoadResult, { strategy, slo }: BuildOptions): UnblockReport {
  const { latency, service, lateness, firstMessage, messageGap, sample, slowest } = result;
  const sampled = latency.count > sample.length;
  return {
    version: 1,
    load: loadOf(result, strategy),
    details: {
      sampled,
      uniform: sample.length,
      slowest: sampled ? slowest.length : 0,
      of: latency.count,
    },
    histograms: {
      latency: latency.encode(),
      service: service.encode(),
      lateness: lateness?.encode(),
      first_message: firstMessage?.encode(),
      message_gap: messageGap?.encode(),
    },
    intervals: result.intervals,
    verdict: result.verdict,
    slowest,
    unfinished: result.unfinished,
    held_back: result.heldBack,
    ran_on: result.ranOn,
    slo,
    environment: {
      node: process.version,
      os: `${type()} ${release()}`,
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
    },
  };
}

function loadOf({ plan }: LoadResult, strategy: string | null): LoadDescription {
  const { driver, loop, threads, timeoutMs, warmupMs, seed, kind } = plan;
  return {
    protocol: driver.protocol,
    codec: driver.codec,
    http: driver.httpVersion,
    get: driver.httpGet,
    strategy,
    connections: driver.connections,
    threads,
    timeout_ms: timeoutMs,
    warmup_ms: warmupMs,
    seed,
    kind,
    loop:
      loop.kind === "closed"
        ? { kind: "closed", concurrency: loop.concurrency }
        : {
            kind: "open",
            arrivals: loop.arrivals,
            stages: loop.stages.map(({ fromRate, toRate, durationMs }) => ({
              from_rate: fromRate,
              to_rate: toRate,
              duration_ms: durationMs,
            })),
          },
  };
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

const percentages = [10, 25, 50, 75, 90, 95, 99];
/** Number of equal steps between the fastest and the slowest call. */
const steps = 10;

export function latencyDistribution(latency: LatencyHistogram) {
  return percentages.map((percentage) => ({
    percentage,
    latency: nanoseconds(latency.percentile(percentage)),
  }));
}

/** Histogram as ghz reports it: a call counts at the first mark that it does not exceed. */
export function latencyBuckets(latency: LatencyHistogram): Bucket[] {
  const buckets = [...latency.buckets()];
  const fastest = buckets[0]?.ms ?? 0;
  const step = (latency.max - fastest) / steps;
  let next = 0;
  return Array.from({ length: steps + 1 }, (_, at) => {
    const isLast = at === steps;
    const markMs = isLast ? latency.max : fastest + at * step;
    let count = 0;
    for (let one = buckets[next]; one && (isLast || one.ms <= markMs); one = buckets[++next]) {
      count += one.count;
    }
    return { mark: markMs / 1_000, count, frequency: count / latency.count };
  });
}
