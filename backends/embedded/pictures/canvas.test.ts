import { describe, expect, it } from "vitest";
import { type Canvas, createCanvas, fillEllipse, fillPolygon } from "./canvas.ts";

const white = { colour: [255, 255, 255], opacity: 1 } as const;

describe("fillEllipse", () => {
  it("covers the ellipse's area, with part of the colour at the edge", () => {
    const canvas = createCanvas(40, 40);
    fillEllipse(canvas, { centre: [20, 20], radii: [15, 8], rotation: 0.5 }, white);
    const expected = Math.PI * 15 * 8;
    expect(Math.abs(area(canvas) / expected - 1)).toBeLessThan(0.02);
    expect(canvas.rgb.some((value) => value > 0 && value < 255)).toBe(true);
  });
});

describe("fillPolygon", () => {
  it("covers a triangle's area", () => {
    const canvas = createCanvas(40, 40);
    fillPolygon(
      canvas,
      [
        [5, 35],
        [35, 35],
        [20, 5],
      ],
      0,
      white,
    );
    expect(Math.abs(area(canvas) / 450 - 1)).toBeLessThan(0.02);
  });

  it("draws two points as a line with round ends", () => {
    const canvas = createCanvas(40, 40);
    fillPolygon(
      canvas,
      [
        [10, 20],
        [30, 20],
      ],
      3,
      white,
    );
    const expected = 20 * 6 + Math.PI * 9;
    expect(Math.abs(area(canvas) / expected - 1)).toBeLessThan(0.05);
  });

  it("cuts off what lies beyond the canvas", () => {
    const canvas = createCanvas(10, 10);
    fillPolygon(
      canvas,
      [
        [-50, -50],
        [50, -50],
        [50, 50],
        [-50, 50],
      ],
      0,
      white,
    );
    expect(area(canvas)).toBe(100);
  });
});

/** In pixels; one half covered counts half. */
function area({ rgb }: Canvas): number {
  return rgb.reduce((sum, value) => sum + value, 0) / 255 / 3;
}
