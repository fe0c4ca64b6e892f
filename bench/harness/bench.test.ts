import { expect, test } from "vitest";
import { type Finding, isReached, renderTable, spreadOf, toJson } from "./bench.ts";

test.each([
  [[5], { min: 5, median: 5, max: 5 }],
  [[10, 9, 100], { min: 9, median: 10, max: 100 }],
  [[4, 1, 3, 2], { min: 1, median: 2.5, max: 4 }],
])("spread of %j", (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

const environment = { cores: 2, node: "v26.10.0", ghz: "v0.93.0", pinned: true };
const row = { what: "ours 30,000/s, ghz 20,000/s", measured: "1.50 ×", wanted: "≥ 1.20 ×" };
const good: Finding = {
  part: "throughput",
  figures: { server: "null", ratio: 1.5 },
  rows: [{ ...row, reached: true }],
};
const bad: Finding = {
  part: "burst",
  figures: { added_ms: 12 },
  rows: [
    { what: "100 calls", measured: "12.0 ms", wanted: "≤ 10 ms", reached: false },
    { what: "to compare with", measured: "1 ms", wanted: "", reached: null },
  ],
};

test("is reached when every target is", () => {
  expect([isReached(good), isReached(bad)]).toEqual([true, false]);
  expect(isReached({ ...bad, rows: bad.rows.slice(1) })).toBe(true);
});

test("JSON has each finding's figures and whether its targets are reached", () => {
  expect(toJson(environment, [good, bad])).toEqual({
    machine: environment,
    parts: [
      { part: "throughput", server: "null", ratio: 1.5, reached: true },
      { part: "burst", added_ms: 12, reached: false },
    ],
  });
});

test("the table has a line per row, below its part, with its mark", () => {
  const lines = renderTable("unblock's load client", environment, [good, bad]).split("\n");
  expect(lines.slice(0, 2).join(" ")).toBe(
    "unblock's load client beside its peers (ghz v0.93.0), on 2 cores, Node v26.10.0, server and client on a core each.",
  );
  expect(lines.slice(4)).toEqual([
    "throughput",
    "  ours 30,000/s, ghz 20,000/s    1.50 ×  ≥ 1.20 ×  ✓",
    "burst",
    "  100 calls                     12.0 ms   ≤ 10 ms  ✗",
    "  to compare with                  1 ms",
    "",
  ]);
});
