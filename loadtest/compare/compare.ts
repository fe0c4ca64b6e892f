import type { Report } from "../report/report.ts";
import { estimate } from "./bootstrap.ts";
import { blocksOf, type Metric, metrics } from "./metrics.ts";

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

export function compareReports(a: Report, b: Report): Comparison {
  const runs = [blocksOf(a), blocksOf(b)] as const;
  const [estimatesA, estimatesB] = [estimate(runs[0], 1), estimate(runs[1], 2)];
  const widening = wideningFor(Math.min(estimatesA.pieces, estimatesB.pieces));
  const compared = metrics.map((metric): MetricComparison => {
    const inA = estimatesA.of.get(metric);
    const inB = estimatesB.of.get(metric);
    const [before, after] = [inA?.value ?? 0, inB?.value ?? 0];
    const difference = after - before;
    const differences = (inA?.resampled ?? new Float64Array(0))
      .map((value, index) => (inB?.resampled[index] ?? 0) - value)
      .sort();
    const quantile = (share: number) =>
      differences[Math.floor(share * (differences.length - 1))] ?? 0;
    const bound = (share: number) => difference + widening * (quantile(share) - difference);
    const tail = (1 - confidence) / 2;
    const interval = [bound(tail), bound(1 - tail)] as const;
    const tooFew = metric.deciding(Math.min(a.count, b.count)) < minDeciding;
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
      ...[a, b].flatMap((report, index) => doubts(report, index === 0 ? "A" : "B")),
      ...(runs.some(({ isShort }) => isShort)
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

function differencesInLoad(a: Report, b: Report): string[] {
  const [inA, inB] = [describe(a), describe(b)];
  const differing = Object.entries(inA)
    .filter(([name, value]) => inB[name] !== value)
    .map(([name, value]) => `${name} (${value}, ${inB[name]})`);
  return differing.length === 0 ? [] : [`the runs differ in ${differing.join(", ")}`];
}

function describe({ options, unblock }: Report): Record<string, string> {
  const load = unblock?.load;
  return {
    call: `${options?.call}`,
    load: load ? JSON.stringify(load.loop) : `${options?.concurrency} at a time`,
    protocol: load ? `${load.protocol} ${load.codec} HTTP/${load.http}` : "grpc proto HTTP/2",
    strategy: load?.strategy ?? "the server's",
    connections: `${options?.connections}`,
    ...(unblock ? { machine: `${unblock.environment.cores} × ${unblock.environment.cpu}` } : {}),
  };
}

function doubts({ unblock, count, details }: Report, name: string): string[] {
  if (unblock?.verdict.client_limited) {
    const reasons = unblock.verdict.reasons.join("; ");
    return [`${name} is not trustworthy: its client was the limit (${reasons})`];
  }
  const listed = details?.length ?? 0;
  return !unblock && listed < count ? [`${name} lists only ${listed} of its ${count} calls`] : [];
}
