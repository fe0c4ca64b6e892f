import { expect, it } from "vitest";
import { resample } from "./image.ts";

it("leaves an image of the right size as it is", () => {
  const rgb = Uint8Array.from({ length: 4 * 3 }, (_, index) => index);
  expect(resample({ width: 2, height: 2, rgb }, 2)).toBe(rgb);
});

it("keeps an even colour, whatever the sizes", () => {
  for (const [width, height] of [
    [1, 1],
    [3, 200],
    [81, 79],
  ] as const) {
    const rgb = new Uint8Array(width * height * 3).fill(77);
    const resampled = resample({ width, height, rgb }, 80);
    expect(resampled.length).toBe(80 * 80 * 3);
    expect(resampled.every((value) => value === 77)).toBe(true);
  }
});

it("interpolates when it enlarges", () => {
  const rgb = Uint8Array.from([0, 0, 0, 100, 100, 100]);
  const reds = resample({ width: 2, height: 1, rgb }, 4).filter((_, index) => index % 3 === 0);
  expect([...reds.slice(0, 4)]).toEqual([0, 25, 75, 100]);
});

it("averages all pixels when it shrinks", () => {
  // Fine stripes turn grey, instead of black or white by chance.
  const rgb = Uint8Array.from({ length: 320 * 320 * 3 }, (_, index) =>
    Math.floor(index / 3) % 2 === 0 ? 0 : 200,
  );
  const resampled = resample({ width: 320, height: 320, rgb }, 80);
  expect(resampled.every((value) => value > 80 && value < 120)).toBe(true);
});
