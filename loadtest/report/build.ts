import { cpus, release, type } from "node:os";
import { statusName } from "../drivers/status.ts";
import type { LatencyHistogram } from "../histogram.ts";
import { durationMsOf } from "../run/plan.ts";
import type { LoadResult } from "../run/run.ts";
import type {
  Bucket,
  Detail,
  LatencyAt,
  LoadDescription,
  Report,
  ReportOptions,
  SloResult,
  UnblockReport,
} from "./report.ts";

export interface BuildOptions {
  /** Title of the run; default: none. */
  readonly name?: string;
  readonly url: string;
  readonly strategy: string | null;
  readonly slo: readonly SloResult[];
}

const endReasons = { requests: "normal", duration: "timeout", interrupted: "cancel" } as const;

/** Creates the report of a run. */
export function buildReport(result: LoadResult, options: BuildOptions): Report {
  const { latency, wallMs, codes, errors, endedAt } = result;
  const total = nanoseconds(wallMs);
  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    endReason: endReasons[result.endReason],
    options: describeOptions(result, options),
    date: endedAt.toISOString(),
    count: latency.count,
    total,
    average: nanoseconds(latency.mean),
    fastest: nanoseconds(latency.min),
    slowest: nanoseconds(latency.max),
    rps: wallMs === 0 ? 0 : (latency.count / wallMs) * 1_000,
    errorDistribution: errors,
    statusCodeDistribution: Object.fromEntries(
      Object.entries(codes).map(([code, calls]) => [statusName(code), calls]),
    ),
    latencyDistribution: latency.count === 0 ? null : latencyDistribution(latency),
    histogram: latency.count === 0 ? null : latencyBuckets(latency),
    details: latency.count === 0 ? null : describeCalls(result),
    unblock: describeRun(result, options),
  };
}

function describeOptions({ plan }: LoadResult, { name, url }: BuildOptions): ReportOptions {
  const { loop, target, driver, timeoutMs } = plan;
  const maxCalls =
    loop.kind === "closed" && "requests" in loop.until ? loop.until.requests : undefined;
  const constant = loop.kind === "open" && loop.stages.length === 1 ? loop.stages[0] : undefined;
  const durationMs = durationMsOf(loop);
  return {
    call: `${target.service}/${target.method}`,
    host: new URL(url).host,
    insecure: new URL(url).protocol === "http:",
    "load-schedule": "const",
    // A rate in ghz's format is a whole number.
    ...(constant && constant.fromRate === constant.toRate && Number.isInteger(constant.fromRate)
      ? { rps: constant.fromRate }
      : {}),
    ...(loop.kind === "closed" ? { concurrency: loop.concurrency } : { async: true }),
    ...(maxCalls === undefined ? {} : { total: maxCalls }),
    connections: driver.connections,
    ...(Number.isFinite(durationMs) ? { duration: nanoseconds(durationMs) } : {}),
    ...(timeoutMs > 0 ? { timeout: nanoseconds(timeoutMs) } : {}),
    ...(name === undefined ? {} : { name }),
  };
}

function describeCalls({ latency, sample, slowest, endedAt, wallMs }: LoadResult): Detail[] {
  const beginMs = endedAt.getTime() - wallMs;
  const time = (endedMs: number) => new Date(beginMs + endedMs).toISOString();
  const uniform = [...sample]
    .sort((a, b) => a.endedMs - b.endedMs)
    .map(({ endedMs, latencyMs, code, message }) => ({
      timestamp: time(endedMs),
      latency: nanoseconds(latencyMs),
      error: message,
      status: statusName(code),
    }));
  return latency.count === sample.length
    ? uniform
    : [
        ...uniform,
        ...slowest.map((call) => ({
          timestamp: time(call.ended_ms),
          latency: nanoseconds(call.latency_ms),
          error: call.error,
          status: call.status,
        })),
      ];
}

function describeRun(result: LoadResult, { strategy, slo }: BuildOptions): UnblockReport {
  const { latency, service, lateness, firstMessage, messageGap, sample } = result;
  const sampled = latency.count > sample.length;
  return {
    version: 1,
    load: loadOf(result, strategy),
    details: {
      sampled,
      uniform: sample.length,
      slowest: sampled ? result.slowest.length : 0,
      of: latency.count,
    },
    histograms: {
      latency: latency.encode(),
      service: service.encode(),
      ...(lateness ? { lateness: lateness.encode() } : {}),
      ...(firstMessage ? { first_message: firstMessage.encode() } : {}),
      ...(messageGap ? { message_gap: messageGap.encode() } : {}),
    },
    intervals: result.intervals,
    verdict: result.verdict,
    slowest: result.slowest,
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
  const { driver, loop, threads, timeoutMs, warmupMs, seed } = plan;
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
    kind: plan.kind,
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

/** The percentiles that ghz reports. */
export function latencyDistribution(latency: LatencyHistogram): LatencyAt[] {
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
  const marksMs = Array.from({ length: steps + 1 }, (_, at) =>
    at === steps ? latency.max : fastest + at * step,
  );
  const counts = marksMs.map(() => 0);
  let mark = 0;
  for (const { ms, count } of buckets) {
    while (mark < steps && ms > (marksMs[mark] ?? 0)) {
      mark++;
    }
    counts[mark] = (counts[mark] ?? 0) + count;
  }
  return marksMs.map((ms, at) => {
    const count = counts[at] ?? 0;
    return { mark: ms / 1_000, count, frequency: count / latency.count };
  });
}
