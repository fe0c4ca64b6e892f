import type { Report } from "../report/report.ts";
import { estimate } from "./bootstrap.ts";
import { blocksOf, type Metric, metrics } from "./metrics.ts";

/** How run B differs from run A. Values are in the metric's unit. */
export interface MetricComparison {
  readonly metric: Metric;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  /** null when A's value is 0. */
  readonly differencePercent: number | null;
  /** The difference is within these bounds, with 95 % confidence. */
  readonly interval: readonly [low: number, high: number];
  /** Whether chance alone is no explanation. */
  readonly isReal: boolean;
  /** Whether there are too few calls to tell. */
  readonly tooFew: boolean;
}

export interface Comparison {
  readonly calls: readonly [a: number, b: number];
  readonly metrics: readonly MetricComparison[];
  /** What a reader must know before believing it. */
  readonly warnings: readonly string[];
}

const confidence = 0.95;
/** A percentile that fewer calls are beyond is theirs alone. */
const leastDeciding = 10;

export function compareReports(a: Report, b: Report): Comparison {
  const runs = [blocksOf(a), blocksOf(b)] as const;
  const [estimatesA, estimatesB] = [estimate(runs[0], 1), estimate(runs[1], 2)];
  const widening = widenFor(Math.min(estimatesA.pieces, estimatesB.pieces));
  const compared = metrics.map((metric): MetricComparison => {
    const inA = estimatesA.of.get(metric);
    const inB = estimatesB.of.get(metric);
    const before = inA?.value ?? 0;
    const after = inB?.value ?? 0;
    const differences = (inA?.resampled ?? new Float64Array(0))
      .map((value, at) => (inB?.resampled[at] ?? 0) - value)
      .sort();
    const tail = (1 - confidence) / 2;
    const at = (part: number) => differences[Math.floor(part * (differences.length - 1))] ?? 0;
    const difference = after - before;
    const interval = [
      difference + widening * (at(tail) - difference),
      difference + widening * (at(1 - tail) - difference),
    ] as const;
    const tooFew = metric.deciding(Math.min(a.count, b.count)) < leastDeciding;
    return {
      metric,
      a: before,
      b: after,
      difference,
      differencePercent: before === 0 ? null : ((after - before) / before) * 100,
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
      ...[a, b].flatMap((report, at) => doubts(report, at === 0 ? "A" : "B")),
      ...(runs.some(({ isShort }) => isShort)
        ? [
            "a run is too short to be cut into seconds: its calls are taken for independent, so the intervals are too narrow",
          ]
        : []),
    ],
  };
}

/**
 * From few pieces their spread is not well known: the interval is made wider, as Student's t is wider
 * than the normal distribution. Two terms of its expansion for 97.5 %.
 *
 * @see https://en.wikipedia.org/wiki/Student%27s_t-distribution
 */
function widenFor(pieces: number): number {
  const freedom = Math.max(1, 2 * pieces - 2);
  const normal = 1.96;
  return (normal + 2.37 / freedom + 2.82 / freedom ** 2) / normal;
}

function differencesInLoad(a: Report, b: Report): string[] {
  const differing = Object.entries(describe(a)).filter(
    ([name, value]) => describe(b)[name] !== value,
  );
  return differing.length === 0
    ? []
    : [
        `the runs differ in ${differing.map(([name, value]) => `${name} (${value}, ${describe(b)[name]})`).join(", ")}`,
      ];
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
    return [
      `${name} is not trustworthy: its client was the limit (${unblock.verdict.reasons.join("; ")})`,
    ];
  }
  return !unblock && (details?.length ?? 0) < count
    ? [`${name} lists only ${details?.length ?? 0} of its ${count} calls`]
    : [];
}
