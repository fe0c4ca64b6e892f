import { describe, expect, it } from "vitest";
import { cropSize, imageSize } from "./architecture.ts";
import { cropAt, cropCount, takeCrop } from "./image.ts";

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
