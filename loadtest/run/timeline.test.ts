import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../histogram.ts";
import type { IntervalPart } from "./plan.ts";
import { Timeline } from "./timeline.ts";

function part(index: number, latenciesMs: readonly number[], self = {}): IntervalPart {
  const latency = new LatencyHistogram();
  for (const ms of latenciesMs) {
    latency.record(ms);
  }
  return {
    index,
    sent: latenciesMs.length,
    calls: latenciesMs.length,
    errors: 1,
    latency: [...latency.buckets()],
    lateness: undefined,
    endMs: (index + 1) * 1_000,
    self: { loopDelayMaxMs: 1, stalledMs: 0, gcMs: 2, activeMs: 100, ...self },
  };
}

describe("Timeline", () => {
  test("merges a second once all threads have reported it", () => {
    const timeline = new Timeline(2);
    expect(timeline.add(0, part(0, [1, 2], { loopDelayMaxMs: 7 }))).toBeUndefined();
    const interval = timeline.add(1, part(0, [100], { activeMs: 990 }));
    expect(interval).toMatchObject({
      start_ms: 0,
      end_ms: 1_000,
      sent: 3,
      calls: 3,
      errors: 2,
      client: { loop_delay_max_ms: 7, utilization: 0.99, gc_ms: 2, late_p99_ms: 0 },
    });
    expect(interval?.max_ms).toBeCloseTo(100, 0);
    expect(interval?.client_limited).toHaveLength(1);
  });

  test("does not wait for a thread that has ended", () => {
    const timeline = new Timeline(2);
    timeline.add(0, part(0, [1]));
    timeline.add(1, part(0, [1]));
    timeline.add(0, part(1, [1]));
    timeline.ended(1);
    timeline.ended(0);
    expect(timeline.intervals.map(({ calls }) => calls)).toEqual([2, 1]);
  });

  test("omits seconds without reports, as when the process was stopped", () => {
    const timeline = new Timeline(1);
    timeline.add(0, part(0, [1]));
    timeline.add(0, part(5, [1]));
    expect(timeline.intervals.map(({ start_ms }) => start_ms)).toEqual([0, 5_000]);
  });

  test("joins seconds of a long run without losing calls", () => {
    const timeline = new Timeline(1);
    const all = new LatencyHistogram();
    for (let second = 0; second < 1_300; second++) {
      timeline.add(0, part(second, [second + 1, 5]));
      all.record(second + 1);
      all.record(5);
    }
    const { intervals, evidence } = timeline;
    expect(intervals.length).toBeLessThanOrEqual(600);
    expect(intervals.reduce((sum, { calls }) => sum + calls, 0)).toBe(2_600);
    expect(intervals[0]).toMatchObject({ start_ms: 0, end_ms: 4_000, calls: 8 });
    expect(evidence.latency.encode()).toBe(all.encode());
    expect(evidence.activeMs).toBe(130_000);
    expect(evidence.lengthMs).toBe(1_300_000);
  });
});
