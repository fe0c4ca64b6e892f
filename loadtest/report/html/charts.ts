import { LatencyHistogram } from "../../histogram.ts";
import { latencyBuckets } from "../build.ts";
import { fourDigits } from "../format.ts";
import type { FullReport } from "../report.ts";

/** A chart of the page and the table below it, which page.js draws from. Times are in milliseconds. */
export interface Chart {
  readonly id: "percentiles" | "latency" | "throughput" | "histogram";
  readonly title: string;
  readonly description: string;
  readonly columns: readonly string[];
  /** null for no value. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

const allPercentages = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999];

export function chartsOf({ count, unblock: { histograms, intervals, load } }: FullReport): Chart[] {
  const latency = LatencyHistogram.decode(histograms.latency);
  const service = load?.loop.kind === "open" ? [LatencyHistogram.decode(histograms.service)] : [];
  // A percentile of less than one call has no meaning.
  const percentages = allPercentages.filter((percentage) => (100 - percentage) * count >= 99.999);
  return [
    {
      id: "percentiles",
      title: "Latency by percentile",
      description: "At 99 %, the curve shows the latency that 99 % of the calls did not exceed.",
      columns: ["percentile", "latency ms", ...service.map(() => "service ms")],
      rows: percentages.map((percentage) => [
        `${percentage} %`,
        ...[latency, ...service].map((one) => fourDigits(one.percentile(percentage))),
      ]),
    },
    {
      id: "latency",
      title: "Latency over time",
      description: "By the second in which calls ended. Shaded: the client was the limit.",
      columns: ["s", "p50 ms", "p90 ms", "p99 ms", "max ms", "client was the limit"],
      rows: intervals.map(({ end_ms, calls, p50_ms, p90_ms, p99_ms, max_ms, client_limited }) => [
        fourDigits(end_ms / 1_000),
        // A second in which no call ended has no latency.
        ...[p50_ms, p90_ms, p99_ms, max_ms].map((ms) => (calls === 0 ? null : fourDigits(ms))),
        client_limited.join("; "),
      ]),
    },
    {
      id: "throughput",
      title: "Calls and errors over time",
      description: "Calls that ended in each second, and failed ones.",
      columns: ["s", "calls per second", "errors per second"],
      rows: intervals.map(({ start_ms, end_ms, calls, errors }) => {
        const seconds = Math.max(0.001, (end_ms - start_ms) / 1_000);
        return [end_ms / 1_000, calls / seconds, errors / seconds].map(fourDigits);
      }),
    },
    {
      id: "histogram",
      title: "Calls by latency",
      description: "Calls up to each mark and above the previous one.",
      columns: ["up to ms", "calls"],
      rows: callsByLatency(latency),
    },
  ];
}

/** At marks of a tenth of a power of ten; at ghz's eleven marks if latencies differ little. */
function callsByLatency(latency: LatencyHistogram): number[][] {
  if (latency.max < 2 * latency.min) {
    return latencyBuckets(latency).map(({ mark, count }) => [fourDigits(mark * 1_000), count]);
  }
  const marks = new Map<number, number>();
  for (const { ms, count } of latency.buckets()) {
    const step = Math.ceil(Math.log10(ms) * 10);
    marks.set(step, (marks.get(step) ?? 0) + count);
  }
  const steps = [...marks.keys()];
  const first = Math.min(...steps);
  return Array.from({ length: Math.max(...steps) - first + 1 }, (_, at) => [
    fourDigits(10 ** ((first + at) / 10)),
    marks.get(first + at) ?? 0,
  ]);
}
