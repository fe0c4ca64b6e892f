import { expect, test } from "vitest";
import {
  atLeast,
  atMost,
  factor,
  isReached,
  type NamedFinding,
  renderTable,
  spreadOf,
  toJson,
} from "./bench.ts";

test.each([
  [[5], { min: 5, median: 5, max: 5 }],
  [[10, 9, 100], { min: 9, median: 10, max: 100 }],
  [[4, 1, 3, 2], { min: 1, median: 2.5, max: 4 }],
])("spread of %j", (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

const environment = { cores: 2, node: "v26.10.0", ghz: "v0.93.0", pinned: true };
const row = { what: "ours 30,000/s, ghz 20,000/s", measured: "1.50 ×", wanted: "≥ 1.20 ×" };
const good: NamedFinding = {
  part: "throughput",
  figures: { server: "null", ratio: 1.5 },
  rows: [{ ...row, reached: true }],
};
const bad: NamedFinding = {
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
    "unblock's load client, on 2 cores, Node v26.10.0, ghz v0.93.0, server and client on one core each.",
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

test("of repeated measurements the median counts, and the table has its interval", () => {
  const ratios = [1.1, 1.3, 1.2, 1.6, 0.9];
  const rows = [
    atLeast("ours / theirs", ratios, 1.2, factor),
    atMost("theirs / ours", ratios, 1.1, factor),
    atMost("a single one", 1, 1.1, factor),
  ];
  expect(rows.map(({ reached }) => reached)).toEqual([true, false, true]);
  const table = renderTable("unblock", environment, [
    { part: "grpc", title: "calls", figures: {}, rows },
  ]);
  expect(table.split("\n").slice(3)).toEqual([
    "                 measured   interval    wanted",
    "grpc: calls",
    "  ours / theirs    1.20 ×  0.97–1.49  ≥ 1.20 ×  ✓",
    "  theirs / ours    1.20 ×  0.97–1.49  ≤ 1.10 ×  ✗",
    "  a single one     1.00 ×             ≤ 1.10 ×  ✓",
    "",
  ]);
});
