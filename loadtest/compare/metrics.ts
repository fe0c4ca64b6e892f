import { type Bucket, LatencyHistogram } from "../histogram.ts";
import type { Detail, Report } from "../report/report.ts";

/** A piece of a run, the unit of resampling. */
export interface Block {
  readonly seconds: number;
  readonly calls: number;
  readonly errors: number;
  readonly latencies: readonly Bucket[];
}

export interface Run {
  readonly blocks: readonly Block[];
  /** Whether there are too few blocks; then calls are treated as independent, an approximation. */
  readonly isShort: boolean;
}

const minBlocks = 5;

/** Divides a run by time: into its intervals, or the seconds of a ghz report's calls. */
export function blocksOf(report: Report): Run {
  const blocks = report.unblock
    ? report.unblock.intervals
        .filter(({ calls }) => calls > 0)
        .map(({ start_ms, end_ms, calls, errors, histogram }) => ({
          seconds: (end_ms - start_ms) / 1_000,
          calls,
          errors,
          latencies: [...LatencyHistogram.decode(histogram).buckets()],
        }))
    : blocksOfDetails(report.details ?? []);
  return { blocks, isShort: blocks.length < minBlocks };
}

function blocksOfDetails(details: readonly Detail[]): Block[] {
  const bySecond = Map.groupBy(details, ({ timestamp }) =>
    Math.floor(Date.parse(timestamp) / 1_000),
  );
  return [...bySecond.values()].map((calls) => {
    const histogram = new LatencyHistogram();
    for (const { latency } of calls) {
      histogram.record(latency / 1e6);
    }
    return {
      seconds: 1,
      calls: calls.length,
      errors: calls.filter(({ status }) => status !== "OK").length,
      latencies: [...histogram.buckets()],
    };
  });
}

/** The sum of blocks. */
export interface Totals {
  /** Ascending. */
  readonly timesMs: readonly number[];
  /** Calls by time. */
  readonly counts: Float64Array;
  /** Calls up to each time. */
  readonly cumulative: Float64Array;
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
}

export interface Metric {
  readonly name: string;
  readonly unit: "ms" | "%" | "/s";
  readonly lowerIsBetter: boolean;
  readonly of: (totals: Totals) => number;
  /** Number of calls, out of `calls`, that decide the metric. */
  readonly deciding: (calls: number) => number;
}

export const metrics: readonly Metric[] = [
  ...[50, 75, 90, 95, 99, 99.9].map(
    (percentage): Metric => ({
      name: `p${percentage}`,
      unit: "ms",
      lowerIsBetter: true,
      of: (totals) => percentile(totals, percentage),
      deciding: (calls) => calls * (1 - percentage / 100),
    }),
  ),
  { name: "mean", unit: "ms", lowerIsBetter: true, of: mean, deciding: (calls) => calls },
  {
    name: "errors",
    unit: "%",
    lowerIsBetter: true,
    of: ({ errors, calls }) => (calls === 0 ? 0 : (errors / calls) * 100),
    deciding: (calls) => calls,
  },
  {
    name: "rate",
    unit: "/s",
    lowerIsBetter: false,
    of: ({ calls, seconds }) => (seconds === 0 ? 0 : calls / seconds),
    deciding: (calls) => calls,
  },
];

function percentile({ timesMs, cumulative, calls }: Totals, percentage: number): number {
  const wanted = Math.max(1, Math.ceil((calls * percentage) / 100 - 1e-6));
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) >= wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return timesMs[low] ?? 0;
}

export function cumulate(counts: Float64Array): Float64Array {
  let total = 0;
  return counts.map((count) => {
    total += count;
    return total;
  });
}

function mean({ timesMs, counts, calls }: Totals): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) {
    sum += (counts[at] ?? 0) * (timesMs[at] ?? 0);
  }
  return calls === 0 ? 0 : sum / calls;
}
