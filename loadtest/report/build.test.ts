import { expect, test } from "vitest";
import { LatencyHistogram } from "../histogram.ts";
import { latencyBuckets, latencyDistribution } from "./build.ts";

const latency = new LatencyHistogram();
for (let ms = 1; ms <= 1_000; ms++) {
  latency.record(ms);
}

test("has the percentiles of ghz, in nanoseconds", () => {
  const distribution = latencyDistribution(latency);
  expect(distribution.map(({ percentage }) => percentage)).toEqual([10, 25, 50, 75, 90, 95, 99]);
  for (const { percentage, latency } of distribution) {
    expect(latency / (percentage * 1e7)).toBeCloseTo(1, 2);
    expect(Number.isInteger(latency)).toBe(true);
  }
});

test("has the eleven marks of ghz, and counts each call once", () => {
  const buckets = latencyBuckets(latency);
  expect(buckets).toHaveLength(11);
  expect(buckets[0]?.mark).toBeCloseTo(0.001, 5);
  expect(buckets[10]?.mark).toBeCloseTo(1, 2);
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  expect(buckets.reduce((sum, { frequency }) => sum + frequency, 0)).toBeCloseTo(1, 9);
  // The first mark has only the fastest call; the others have about a tenth each.
  expect(buckets[0]?.count).toBe(1);
  for (const { count } of buckets.slice(1)) {
    expect(Math.abs(count - 100)).toBeLessThanOrEqual(2);
  }
});

test("counts equal times at one mark", () => {
  const same = new LatencyHistogram();
  same.record(5, 7);
  expect(latencyBuckets(same).map(({ count }) => count)).toEqual([7, ...Array(10).fill(0)]);
});
