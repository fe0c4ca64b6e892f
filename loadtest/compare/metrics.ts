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
