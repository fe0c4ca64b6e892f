import { type Bucket, LatencyHistogram } from "../histogram.ts";
import type { FullReport } from "../report/report.ts";

/** A second of a run, the unit of resampling. */
export interface Block {
  readonly seconds: number;
  readonly calls: number;
  readonly errors: number;
  readonly latencies: readonly Bucket[];
}

export function blocksOf({ unblock }: FullReport): Block[] {
  return unblock.intervals
    .filter(({ calls }) => calls > 0)
    .map(({ start_ms, end_ms, calls, errors, histogram }) => ({
      seconds: (end_ms - start_ms) / 1_000,
      calls,
      errors,
      latencies: [...LatencyHistogram.decode(histogram).buckets()],
    }));
}

export interface Totals {
  /** Ascending. */
  readonly timesMs: readonly number[];
  /** Calls by time. */
  readonly counts: Float64Array;
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
}

export interface Metric {
  readonly name: string;
  readonly unit: "ms" | "%" | "/s";
  readonly lowerIsBetter: boolean;
  /** Share of the calls that decides the metric. */
  readonly decidingShare: number;
}

const percentages = [50, 75, 90, 95, 99, 99.9];

export const metrics: readonly Metric[] = [
  ...percentages.map((percentage) => ({
    ...({ name: `p${percentage}`, unit: "ms", lowerIsBetter: true } as const),
    decidingShare: 1 - percentage / 100,
  })),
  { name: "mean", unit: "ms", lowerIsBetter: true, decidingShare: 1 },
  { name: "errors", unit: "%", lowerIsBetter: true, decidingShare: 1 },
  { name: "rate", unit: "/s", lowerIsBetter: false, decidingShare: 1 },
];

/** Returns the values of all metrics, in their order; 0 without calls. */
export function valuesOf({ timesMs, counts, calls, errors, seconds }: Totals): number[] {
  if (calls === 0) {
    return metrics.map(() => 0);
  }
  const wanted = percentages.map((one) => Math.max(1, Math.ceil((calls * one) / 100 - 1e-6)));
  const percentiles: number[] = [];
  let seen = 0;
  let sumMs = 0;
  timesMs.forEach((ms, at) => {
    const count = counts[at] ?? 0;
    seen += count;
    sumMs += count * ms;
    while (seen >= (wanted[percentiles.length] ?? Number.POSITIVE_INFINITY)) {
      percentiles.push(ms);
    }
  });
  return [...percentiles, sumMs / calls, (errors / calls) * 100, calls / seconds];
}
