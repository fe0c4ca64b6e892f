import { expect, test } from "vitest";
import { mergeSamples, Sample, sampleSize } from "./bounded.ts";

function sampleOf(from: number, to: number): Sample<number> {
  const sample = new Sample<number>();
  for (let item = from; item < to; item++) {
    sample.offer(() => item);
  }
  return sample;
}

test("a small sample is complete", () => {
  expect(sampleOf(0, 100).items).toEqual(Array.from({ length: 100 }, (_, item) => item));
});

test("a sample is uniform: each tenth of the offered items has its share", () => {
  const offered = 100_000;
  const { items } = sampleOf(0, offered);
  expect(items).toHaveLength(sampleSize);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = items.filter((item) => Math.floor((item * 10) / offered) === tenth).length;
    // 1,000 are expected with a standard deviation of 28.
    expect(Math.abs(share - 1_000)).toBeLessThan(200);
  }
});

test("a sample merged from parts of different sizes is uniform", () => {
  const parts = [
    { items: sampleOf(0, 5_000).items, of: 5_000 },
    { items: sampleOf(5_000, 50_000).items, of: 45_000 },
  ];
  const merged = mergeSamples(parts);
  expect(merged).toHaveLength(sampleSize);
  expect(new Set(merged).size).toBe(sampleSize);
  // A tenth, 1,000, is expected with a standard deviation of 27.
  expect(Math.abs(merged.filter((item) => item < 5_000).length - 1_000)).toBeLessThan(200);
});

test("a sample merged from small parts is complete", () => {
  const merged = mergeSamples([
    { items: [1, 2, 3], of: 3 },
    { items: [], of: 0 },
    { items: [4], of: 1 },
  ]);
  expect(merged.sort()).toEqual([1, 2, 3, 4]);
});
