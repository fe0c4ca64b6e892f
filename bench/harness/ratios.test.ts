import { expect, test } from "vitest";
import { compare } from "./ratios.ts";

const ours = { name: "ours", values: [20, 30, 90] };
const theirs = { name: "theirs", values: [10, 10, 30] };
const comparison = { title: "calls", show: (value: number) => `${value}/s` };

test("compares figures of the same run", () => {
  const { figures, rows } = compare({ ...comparison, matches: [{ ours, theirs, min: 2.5 }] });
  expect(figures).toMatchObject({
    title: "calls",
    peers: {
      ours: { min: 20, median: 30, max: 90 },
      theirs: { min: 10, median: 10, max: 30 },
    },
    ratios: { "ours / theirs": { min: 2, median: 3, max: 3, wanted: { min: 2.5 } } },
  });
  expect(rows).toMatchObject([
    { what: "ours 30/s / theirs 10/s", measured: "3.00 ×", wanted: "≥ 2.50 ×", reached: true },
  ]);
});

test.each([
  [{ min: 3 }, true],
  [{ min: 3.1 }, false],
  [{ max: 3 }, true],
  [{ max: 2.9 }, false],
  [{}, null],
])("with the bound %j, a ratio of 3 is reached: %j", (bound, reached) => {
  const { rows } = compare({ ...comparison, matches: [{ ours, theirs, ...bound }] });
  expect(rows[0]?.reached).toBe(reached);
});
