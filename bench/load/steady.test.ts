import { expect, test } from "vitest";
import { sentWithin } from "./steady.ts";

const interval = (start_ms: number, sent: number) => ({ start_ms, sent });

test("counts what was sent before the load's end, not what came after", () => {
  const intervals = [interval(0, 2_000), interval(1_000, 1_900), interval(2_000, 100)];
  expect(sentWithin(intervals, 2)).toBe(3_900);
  expect(sentWithin([], 2)).toBe(0);
});
