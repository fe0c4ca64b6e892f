import type { LatencyHistogram } from "../histogram.ts";
import type { Bucket, LatencyAt } from "./report.ts";

const percentages = [10, 25, 50, 75, 90, 95, 99];
/** Between the fastest and the slowest call there are so many steps. */
const steps = 10;

/** The percentiles that ghz reports. */
export function latencyDistribution(latency: LatencyHistogram): LatencyAt[] {
  return percentages.map((percentage) => ({
    percentage,
    latency: Math.round(latency.percentile(percentage) * 1e6),
  }));
}

/** ghz's histogram: each call counts at the first mark that it does not exceed. */
export function latencyBuckets(latency: LatencyHistogram): Bucket[] {
  const buckets = [...latency.buckets()];
  const fastest = buckets[0]?.ms ?? 0;
  const step = (latency.max - fastest) / steps;
  const marksMs = Array.from({ length: steps + 1 }, (_, at) =>
    at === steps ? latency.max : fastest + at * step,
  );
  const counts = marksMs.map(() => 0);
  let mark = 0;
  for (const { ms, count } of buckets) {
    while (mark < steps && ms > (marksMs[mark] ?? 0)) {
      mark++;
    }
    counts[mark] = (counts[mark] ?? 0) + count;
  }
  return marksMs.map((ms, at) => {
    const count = counts[at] ?? 0;
    return { mark: ms / 1_000, count, frequency: count / latency.count };
  });
}
