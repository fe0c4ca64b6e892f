import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { intervalOf, medianOf, overlap } from "./statistics.ts";

const positive = fc.double({ min: 0.001, max: 1e6, noNaN: true });

/** A generator with a seed, after Park and Miller, and three distributions whose medians are known. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const distributions = [
  { name: "even", median: 1.5, draw: (random: () => number) => 1 + random() },
  {
    name: "skewed, as waiting is",
    median: 1 + Math.LN2,
    draw: (random: () => number) => 1 - Math.log(1 - random()),
  },
  {
    name: "of two speeds",
    median: 1.1,
    draw: (random: () => number) => (random() < 0.8 ? 1 + 0.16 * random() : 2 + random()),
  },
];

describe("the interval of a median", () => {
  describe.each([5, 6, 7, 9, 12, 30])("of %i values", (count) => {
    test.each(distributions)("holds it in nine of ten experiments: $name", (distribution) => {
      const random = randomFrom(count);
      const experiments = 2_000;
      let held = 0;
      for (let experiment = 0; experiment < experiments; experiment++) {
        const values = Array.from({ length: count }, () => distribution.draw(random));
        const [low, high] = intervalOf(values) ?? [0, 0];
        held += low <= distribution.median && distribution.median <= high ? 1 : 0;
      }
      expect(held / experiments).toBeGreaterThan(0.885);
    });
  });

  test.each([2, 3, 4])("of %i values that scatter as products of chance do, as well", (count) => {
    const random = randomFrom(count);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let held = 0;
    for (let experiment = 0; experiment < 2_000; experiment++) {
      const values = Array.from({ length: count }, () => Math.exp(0.1 * normal()));
      const [low, high] = intervalOf(values) ?? [0, 0];
      held += low <= 1 && 1 <= high ? 1 : 0;
    }
    expect(held / 2_000).toBeGreaterThan(0.88);
  });

  test("never excludes the median of its own values from five on, nor reaches beyond them", () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 5, maxLength: 60 }), (values) => {
        const [low, high] = intervalOf(values) ?? [Number.NaN, Number.NaN];
        const median = medianOf(values);
        return (
          low <= median &&
          median <= high &&
          low >= Math.min(...values) &&
          high <= Math.max(...values)
        );
      }),
    );
  });

  test("is none of fewer than two values", () => {
    expect([intervalOf([]), intervalOf([3])]).toEqual([undefined, undefined]);
  });
});

test("the median is the middle, or between the two in the middle", () => {
  expect([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3]), medianOf([])]).toEqual([2, 2.5, Number.NaN]);
});

test("intervals that touch overlap", () => {
  expect(overlap([1, 2], [2, 3])).toBe(true);
  expect(overlap([1, 2], [2.1, 3])).toBe(false);
  expect(overlap([1, 4], [2, 3])).toBe(true);
});
