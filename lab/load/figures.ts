import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LoadFiguresSchema, LoadIntervalSchema } from "../../gen/unblock/v1/lab_pb.ts";
import type { Interval } from "../../loadtest/report/report.ts";
import type { LoadResult } from "../../loadtest/run/run.ts";

/** Closer together where latencies differ most, so that a curve through them is one. */
const percentages = [
  ...[0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 99],
  ...[99.25, 99.5, 99.75, 99.9, 99.95, 99.99, 100],
];

export function intervalOf(interval: Interval): MessageInitShape<typeof LoadIntervalSchema> {
  const { start_ms: startMs, end_ms: endMs, calls, errors } = interval;
  const clientLimited = interval.client_limited.length > 0;
  return {
    startMs,
    endMs,
    calls,
    errors,
    p50Ms: interval.p50_ms,
    p99Ms: interval.p99_ms,
    clientLimited,
  };
}

export function figuresOf(result: LoadResult): MessageInitShape<typeof LoadFiguresSchema> {
  const { latency, codes, wallMs } = result;
  return {
    calls: latency.count,
    errors: errorsOf(result),
    callsPerSecond: wallMs === 0 ? 0 : (latency.count / wallMs) * 1_000,
    percentiles:
      latency.count === 0
        ? []
        : percentages.map((percentile) => ({
            percentile,
            latencyMs: latency.percentile(percentile),
          })),
    statuses: Object.entries(codes).map(([code, calls]) => ({ code, calls })),
    doubts: doubtsOf(result),
  };
}

export function errorsOf({ latency, codes }: LoadResult): number {
  return latency.count - (codes.ok ?? 0);
}

function doubtsOf({ verdict, unfinished, heldBack }: LoadResult): string[] {
  return [
    ...verdict.reasons.map(
      (reason) => `Not the server but the load process was the limit: ${reason}.`,
    ),
    ...(unfinished === 0
      ? []
      : [`${unfinished} calls had no response at the end: they count as failed, at their age.`]),
    ...(heldBack === 0
      ? []
      : [`${heldBack} calls waited in the load process, which can have only so many in progress.`]),
  ];
}
