import { LatencyHistogram } from "../histogram.ts";
import type { Detail, Report } from "../report/report.ts";

/** What two runs are compared by. */
export interface Metric {
  readonly name: string;
  readonly unit: "ms" | "%" | "/s";
  /** Whether more of it is worse. */
  readonly lowerIsBetter: boolean;
  readonly of: (totals: Totals) => number;
  /** How many of so many calls decide it. */
  readonly deciding: (calls: number) => number;
}

/** The sum of some pieces of a run. */
export interface Totals {
  /** Ascending. */
  readonly timesMs: readonly number[];
  /** How many calls took each of these times. */
  readonly counts: Float64Array;
  /** How many calls took that time or less. */
  readonly cumulative: Float64Array;
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
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

/** How many there are up to each place. */
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

/** A piece of a run: what is resampled. */
export interface Block {
  readonly seconds: number;
  readonly calls: number;
  readonly errors: number;
  readonly latencies: readonly { readonly ms: number; readonly count: number }[];
}

export interface Run {
  readonly blocks: readonly Block[];
  /** Too short to be cut into pieces; then calls are taken for independent, which they are not quite. */
  readonly isShort: boolean;
}

const leastBlocks = 5;

/** A run as pieces of time: its intervals, or the seconds of a ghz report's calls. */
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
  return { blocks, isShort: blocks.length < leastBlocks };
}

function blocksOfDetails(details: readonly Detail[]): Block[] {
  const bySecond = new Map<number, Detail[]>();
  for (const detail of details) {
    const second = Math.floor(Date.parse(detail.timestamp) / 1_000);
    const others = bySecond.get(second);
    if (others) {
      others.push(detail);
    } else {
      bySecond.set(second, [detail]);
    }
  }
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
