import { describe, expect, it } from "vitest";
import { cropSize, imageSize } from "./architecture.ts";
import { cropAt, cropCount, resample, takeCrop } from "./image.ts";

describe("cropAt", () => {
  it("begins with the centre, unflipped", () => {
    expect(cropAt(0)).toEqual({ left: 8, top: 8, flipped: false });
  });

  it("gives each crop once, then repeats", () => {
    const crops = Array.from({ length: cropCount }, (_, index) => JSON.stringify(cropAt(index)));
    expect(new Set(crops).size).toBe(cropCount);
    expect(cropAt(cropCount)).toEqual(cropAt(0));
  });

  it("stays inside the image", () => {
    for (let index = 0; index < cropCount; index++) {
      const { left, top } = cropAt(index);
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(Math.max(left, top) + cropSize).toBeLessThanOrEqual(imageSize);
    }
  });
});

describe("takeCrop", () => {
  // Each pixel's red is its column, its green its row.
  const rgb = new Uint8Array(imageSize ** 2 * 3);
  for (let pixel = 0; pixel < imageSize ** 2; pixel++) {
    rgb.set([pixel % imageSize, Math.floor(pixel / imageSize), 255], pixel * 3);
  }
  const planes = new Float32Array(3 * cropSize ** 2);
  const byteAt = (plane: number, row: number, column: number) =>
    Math.round(((planes[(plane * cropSize + row) * cropSize + column] ?? 0) + 1) * 127.5);

  it("writes three planes of numbers from -1 to 1", () => {
    takeCrop(rgb, { left: 3, top: 5, flipped: false }, planes);
    expect([byteAt(0, 0, 0), byteAt(1, 0, 0), byteAt(2, 0, 0)]).toEqual([3, 5, 255]);
    expect([byteAt(0, 63, 63), byteAt(1, 63, 63)]).toEqual([66, 68]);
    expect(planes.every((value) => value >= -1 && value <= 1)).toBe(true);
  });

  it("mirrors left and right", () => {
    takeCrop(rgb, { left: 3, top: 5, flipped: true }, planes);
    expect([byteAt(0, 0, 0), byteAt(1, 0, 0)]).toEqual([66, 5]);
    expect([byteAt(0, 63, 63), byteAt(1, 63, 63)]).toEqual([3, 68]);
  });
});

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
  // Fine stripes turn grey, instead of randomly black or white.
  const rgb = Uint8Array.from({ length: 320 * 320 * 3 }, (_, index) =>
    Math.floor(index / 3) % 2 === 0 ? 0 : 200,
  );
  const resampled = resample({ width: 320, height: 320, rgb }, 80);
  expect(resampled.every((value) => value > 80 && value < 120)).toBe(true);
});
