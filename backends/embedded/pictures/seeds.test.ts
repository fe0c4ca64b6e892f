import { expect, it } from "vitest";
import { between, pick, seededRandom } from "./seeds.ts";

it("gives the same numbers for the same seed, others for another", () => {
  const first = take(seededRandom(5));
  expect(take(seededRandom(5))).toEqual(first);
  expect(take(seededRandom(6))).not.toEqual(first);
});

it("spreads evenly from 0 to 1", () => {
  const numbers = take(seededRandom(1), 10_000);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(numbers.reduce((sum, number) => sum + number) / 10_000).toBeCloseTo(0.5, 1);
});

it("picks and scales", () => {
  expect(between(() => 0.25, 10, 20)).toBe(12.5);
  expect(pick(() => 0.5, ["a", "b", "c"])).toBe("b");
});

function take(random: () => number, length = 10): number[] {
  return Array.from({ length }, random);
}
