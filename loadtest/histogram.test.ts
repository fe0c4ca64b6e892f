import { expect, test } from "vitest";
import { LatencyHistogram } from "./histogram.ts";
import { createRandom } from "./run/schedule.ts";

const percentages = [0, 1, 10, 50, 75, 90, 95, 99, 99.9, 99.99, 100];

test("keeps times with three digits", () => {
  const histogram = new LatencyHistogram();
  for (let ms = 1; ms <= 1_000; ms++) {
    histogram.record(ms);
  }
  expect(histogram.count).toBe(1_000);
  expect(histogram.min).toBeCloseTo(1, 2);
  expect(histogram.percentile(50) / 500).toBeCloseTo(1, 2);
  expect(histogram.percentile(99) / 990).toBeCloseTo(1, 2);
  expect(histogram.max / 1_000).toBeCloseTo(1, 2);
  expect(histogram.mean / 500.5).toBeCloseTo(1, 2);
});

test("has zeros when empty", () => {
  const { count, min, max, mean } = new LatencyHistogram();
  expect({ count, min, max, mean }).toEqual({ count: 0, min: 0, max: 0, mean: 0 });
  expect(new LatencyHistogram().percentile(99)).toBe(0);
});

test("clamps values outside of its range", () => {
  const histogram = new LatencyHistogram();
  histogram.record(-1);
  histogram.record(1e12);
  expect(histogram.count).toBe(2);
  expect(histogram.min).toBe(0.001);
  expect(histogram.max).toBeGreaterThanOrEqual(3_600_000);
});

test("lists the number of values per time", () => {
  const histogram = new LatencyHistogram();
  for (const ms of [3, 1, 2_000, 1]) {
    histogram.record(ms);
  }
  const buckets = [...histogram.buckets()];
  expect(buckets.map(({ count }) => count)).toEqual([2, 1, 1]);
  expect(buckets.map(({ ms }) => Math.round(ms))).toEqual([1, 3, 2_001]);
  // The iterator can be used again.
  expect([...histogram.buckets()]).toEqual(buckets);
  expect(figures(LatencyHistogram.of(buckets))).toEqual(figures(histogram));
});

test("is the same after encoding and decoding", () => {
  const histogram = new LatencyHistogram();
  for (const ms of [0.013, 1, 1, 20.5, 60_000]) {
    histogram.record(ms);
  }
  const decoded = LatencyHistogram.decode(histogram.encode());
  expect(figures(decoded)).toEqual(figures(histogram));
});

test.each(Array.from({ length: 30 }, (_, seed) => seed + 1))(
  "merged from any parts it is the histogram of the whole (seed %i)",
  (seed) => {
    const random = createRandom(seed);
    const all = new LatencyHistogram();
    const parts = Array.from(
      { length: 1 + Math.floor(random() * 8) },
      () => new LatencyHistogram(),
    );
    for (let call = 0; call < 2_000; call++) {
      const ms = 10 ** (random() * 8 - 3);
      all.record(ms);
      parts[Math.floor(random() * parts.length)]?.record(ms);
    }
    // In any order, and some encoded, as threads send them.
    const shuffled = parts
      .map((part) => ({ part, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ part, key }) => (key < 0.5 ? LatencyHistogram.decode(part.encode()) : part));
    expect(figures(LatencyHistogram.merge(shuffled))).toEqual(figures(all));
  },
);

function figures(histogram: LatencyHistogram) {
  return {
    count: histogram.count,
    min: histogram.min,
    max: histogram.max,
    mean: histogram.mean,
    percentiles: percentages.map((percentage) => histogram.percentile(percentage)),
    encoded: histogram.encode(),
  };
}
