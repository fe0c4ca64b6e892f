import { expect, test } from "vitest";
import { Recorder } from "./recorder.ts";

test("a recorder keeps latencies to three digits, and counts codes", () => {
  const recorder = new Recorder();
  for (let ms = 1; ms <= 1_000; ms++) {
    recorder.record(ms, ms % 10 === 0 ? "unavailable" : "ok");
  }
  const { min, p50, p90, p99, max } = recorder.summary();
  expect(min).toBeCloseTo(1, 1);
  expect(p50 / 500).toBeCloseTo(1, 2);
  expect(p90 / 900).toBeCloseTo(1, 2);
  expect(p99 / 990).toBeCloseTo(1, 2);
  expect(max / 1_000).toBeCloseTo(1, 2);
  expect(recorder.codes).toEqual({ ok: 900, unavailable: 100 });
  expect(recorder.errors).toBe(100);
});

test("a recorder without calls has a summary of zeros", () => {
  expect(new Recorder().summary()).toEqual({ min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 });
});
