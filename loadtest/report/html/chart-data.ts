import { LatencyHistogram } from "../../histogram.ts";
import { latencyBuckets } from "../build.ts";
import type { Report } from "../report.ts";

/** Data of the page's charts. Times are in milliseconds. */
export interface ChartData {
  readonly percentiles: {
    /** "latency ms"; in an open loop also "service ms". */
    readonly series: readonly string[];
    /** Name of the percentile, then a value per series. */
    readonly rows: readonly (readonly [name: string, ...valuesMs: number[]])[];
    /** Position of each row on the axis: the number of nines in its percentile. */
    readonly nines: readonly number[];
  };
  readonly overTime: readonly (readonly [
    second: number,
    p50: number | null,
    p90: number | null,
    p99: number | null,
    max: number | null,
    callsPerSecond: number,
    errorsPerSecond: number,
    /** 1 if the client was the limit. */
    clientLimited: number,
  ])[];
  /** Calls up to each mark and above the previous one. */
  readonly histogram: readonly (readonly [mark: number, calls: number])[];
}

const allPercentages = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999];

export function chartData(report: Report): ChartData {
  return {
    percentiles: percentilesOf(report),
    overTime: (report.unblock?.intervals ?? []).map((one) => {
      const seconds = Math.max(0.001, (one.end_ms - one.start_ms) / 1_000);
      return [
        round(one.end_ms / 1_000),
        // A second in which no call ended has no latency.
        one.calls === 0 ? null : round(one.p50_ms),
        one.calls === 0 ? null : round(one.p90_ms),
        one.calls === 0 ? null : round(one.p99_ms),
        one.calls === 0 ? null : round(one.max_ms),
        round(one.calls / seconds),
        round(one.errors / seconds),
        one.client_limited.length > 0 ? 1 : 0,
      ];
    }),
    histogram: histogramOf(report),
  };
}

function percentilesOf({ unblock, latencyDistribution, count }: Report): ChartData["percentiles"] {
  const nines = (percentage: number) => -Math.log10(1 - percentage / 100);
  if (!unblock) {
    const ghz = latencyDistribution ?? [];
    return {
      series: ["latency ms"],
      rows: ghz.map(({ percentage, latency }) => [`${percentage} %`, round(latency / 1e6)]),
      nines: ghz.map(({ percentage }) => nines(percentage)),
    };
  }
  const latency = LatencyHistogram.decode(unblock.histograms.latency);
  const service =
    unblock.load.loop.kind === "open" ? [LatencyHistogram.decode(unblock.histograms.service)] : [];
  // A percentile of less than one call has no meaning.
  const shown = allPercentages.filter((percentage) => (100 - percentage) * count >= 99.999);
  return {
    series: ["latency ms", ...service.map(() => "service ms")],
    rows: shown.map((percentage) => [
      `${percentage} %`,
      ...[latency, ...service].map((one) => round(one.percentile(percentage))),
    ]),
    nines: shown.map(nines),
  };
}

/** Marks at tenths of a power of ten, or ghz's eleven marks without an HDR histogram. */
function histogramOf({ unblock, histogram }: Report): ChartData["histogram"] {
  if (!unblock) {
    return (histogram ?? []).map(({ mark, count }) => [round(mark * 1_000), count]);
  }
  const latency = LatencyHistogram.decode(unblock.histograms.latency);
  if (latency.max < 2 * latency.min) {
    return latencyBuckets(latency).map(({ mark, count }) => [round(mark * 1_000), count]);
  }
  const marks = new Map<number, number>();
  for (const { ms, count } of latency.buckets()) {
    const step = Math.ceil(Math.log10(ms) * 10);
    marks.set(step, (marks.get(step) ?? 0) + count);
  }
  const steps = [...marks.keys()];
  const first = Math.min(...steps);
  return Array.from({ length: Math.max(...steps) - first + 1 }, (_, at) => [
    round(10 ** ((first + at) / 10)),
    marks.get(first + at) ?? 0,
  ]);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
