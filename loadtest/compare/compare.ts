import type { FullReport } from "../report/report.ts";
import { estimate, type Metric, metrics } from "./metrics.ts";

/** Difference between the runs A and B. Values are in the metric's unit. */
export interface MetricComparison {
  readonly metric: Metric;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  /** null if A's value is 0. */
  readonly differencePercent: number | null;
  /** 95 % confidence interval of the difference. */
  readonly interval: readonly [low: number, high: number];
  /** Whether the interval excludes 0. */
  readonly isReal: boolean;
  /** Whether there are too few calls for a conclusion. */
  readonly tooFew: boolean;
}

export interface Comparison {
  readonly calls: readonly [a: number, b: number];
  readonly metrics: readonly MetricComparison[];
  readonly warnings: readonly string[];
}

const confidence = 0.95;
/** Calls beyond a percentile that a conclusion requires. */
const minDeciding = 10;

export function compareReports(a: FullReport, b: FullReport): Comparison {
  const [inA, inB] = [estimate(a, 1), estimate(b, 2)];
  const widening = wideningFor(Math.min(inA.pieces, inB.pieces));
  const compared = metrics.map((metric, at): MetricComparison => {
    const [before, after] = [inA.values[at] ?? 0, inB.values[at] ?? 0];
    const difference = after - before;
    const differences = inA.resampled
      .map((values, index) => (inB.resampled[index]?.[at] ?? 0) - (values[at] ?? 0))
      .sort((low, high) => low - high);
    const bound = (share: number) => {
      const quantile = differences[Math.floor(share * (differences.length - 1))] ?? 0;
      return difference + widening * (quantile - difference);
    };
    const tail = (1 - confidence) / 2;
    const interval = [bound(tail), bound(1 - tail)] as const;
    const tooFew = metric.decidingShare * Math.min(a.count, b.count) < minDeciding;
    return {
      metric,
      a: before,
      b: after,
      difference,
      differencePercent: before === 0 ? null : (difference / before) * 100,
      interval,
      isReal: !tooFew && (interval[0] > 0 || interval[1] < 0),
      tooFew,
    };
  });
  return {
    calls: [a.count, b.count],
    metrics: compared,
    warnings: [
      ...differencesInLoad(a, b),
      ...doubts(a, "A"),
      ...doubts(b, "B"),
      ...(inA.isShort || inB.isShort
        ? [
            "a run is too short to be divided into seconds; calls are treated as independent, which makes the intervals too narrow",
          ]
        : []),
    ],
  };
}

/**
 * Factor that widens an interval estimated from few pieces, as Student's t is wider than the normal
 * distribution: two terms of its expansion for 97.5 %.
 *
 * @see https://en.wikipedia.org/wiki/Student%27s_t-distribution
 */
function wideningFor(pieces: number): number {
  const freedom = Math.max(1, 2 * pieces - 2);
  const normal = 1.96;
  return (normal + 2.37 / freedom + 2.82 / freedom ** 2) / normal;
}

function differencesInLoad(a: FullReport, b: FullReport): string[] {
  const [inA, inB] = [describe(a), describe(b)];
  const differing = Object.entries(inA)
    .filter(([name, value]) => inB[name] !== value)
    .map(([name, value]) => `${name} (${value}, ${inB[name]})`);
  return differing.length === 0 ? [] : [`the runs differ in ${differing.join(", ")}`];
}

function describe({ options, unblock: { load, environment } }: FullReport): Record<string, string> {
  return {
    call: `${options?.call}`,
    load: load ? JSON.stringify(load.loop) : `${options?.concurrency} at a time`,
    protocol: load ? `${load.protocol} ${load.codec} HTTP/${load.http}` : "grpc proto HTTP/2",
    strategy: load?.strategy ?? "the server's",
    connections: `${options?.connections}`,
    ...(environment ? { machine: `${environment.cores} × ${environment.cpu}` } : {}),
  };
}

function doubts({ unblock, count }: FullReport, name: string): string[] {
  const { verdict, details } = unblock;
  if (verdict.client_limited) {
    const reasons = verdict.reasons.join("; ");
    return [`${name} is not trustworthy: its client was the limit (${reasons})`];
  }
  return details.sampled || details.uniform === count
    ? []
    : [`${name} lists only ${details.uniform} of its ${count} calls`];
}
