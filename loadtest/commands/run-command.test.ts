import { expect, test } from "vitest";
import type { Interval } from "../report/report.ts";
import type { Loop } from "../run/plan.ts";
import { createLive } from "./run-command.ts";

const interval = (second: number, more: Partial<Interval> = {}): Interval => ({
  start_ms: (second - 1) * 1_000,
  end_ms: second * 1_000,
  sent: 50,
  calls: 50,
  errors: 1,
  p50_ms: 1.234,
  p90_ms: 2,
  p99_ms: 45.67,
  max_ms: 50,
  histogram: "",
  client: { late_p99_ms: 0, loop_delay_max_ms: 0, utilization: 0, gc_ms: 0 },
  client_limited: [],
  ...more,
});
const open: Loop = {
  kind: "open",
  arrivals: "constant",
  stages: [{ fromRate: 50, toRate: 50, durationMs: 60_000 }],
};

function show(loop: Loop, isTTY: boolean, intervals: readonly Interval[]): string {
  let text = "";
  const live = createLive(loop, {
    isTTY,
    columns: 100,
    write: (more) => {
      text += more;
    },
  });
  for (const one of intervals) {
    live.interval(one);
  }
  live.clear();
  return text;
}

test("updates one line on a terminal, and clears it", () => {
  const text = show(open, true, [interval(1), interval(30)]);
  expect(text.split("\r\x1b[K").slice(1)).toEqual([
    "░░░░░░░░░░░░░░░░░░░░ 1 of 60 s  50 calls/s  p50 1.23 ms  p99 45.7 ms  1 error",
    "██████████░░░░░░░░░░ 30 of 60 s  50 calls/s  p50 1.23 ms  p99 45.7 ms  2 errors",
    "",
  ]);
});

test("prints lines elsewhere: every second, after 10 s every ten seconds", () => {
  const seconds = Array.from({ length: 40 }, (_, at) => interval(at + 1));
  const lines = show(open, false, seconds).trimEnd().split("\n");
  expect(lines.map((line) => line.split(" ", 1)[0])).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40].map(String),
  );
  expect(lines.join("")).not.toContain("\r");
});

test("shows progress by calls, and when the client was the limit", () => {
  const loop: Loop = { kind: "closed", concurrency: 5, until: { requests: 200 } };
  const text = show(loop, false, [interval(1, { client_limited: ["it was busy"] })]);
  expect(text).toBe(
    "50 of 200 calls  50 calls/s  p50 1.23 ms  p99 45.7 ms  1 error  client-limited\n",
  );
});
