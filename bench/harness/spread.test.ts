import { expect, test } from "vitest";
import { spreadOf } from "./spread.ts";

test.each([
  [[5], { min: 5, median: 5, max: 5 }],
  [[10, 9, 100], { min: 9, median: 10, max: 100 }],
  [[4, 1, 3, 2], { min: 1, median: 2.5, max: 4 }],
])("of %j", (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});
