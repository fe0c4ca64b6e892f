import { expect, it } from "vitest";
import { type Canvas, createCanvas, Pen } from "./canvas.ts";

const white = [255, 255, 255] as const;
const inPixels = { centre: [0, 0], scale: 1, rotation: 0 } as const;

it("covers an ellipse's area, with part of the colour at the edge", () => {
  const canvas = createCanvas(40, 40);
  new Pen(canvas, inPixels).ellipse([20, 20], [15, 8], 0.5, white);
  const expected = Math.PI * 15 * 8;
  expect(Math.abs(area(canvas) / expected - 1)).toBeLessThan(0.02);
  expect(canvas.rgb.some((value) => value > 0 && value < 255)).toBe(true);
});

it("covers a triangle's area", () => {
  const canvas = createCanvas(40, 40);
  new Pen(canvas, inPixels).polygon(0, white, [5, 35], [35, 35], [20, 5]);
  expect(Math.abs(area(canvas) / 450 - 1)).toBeLessThan(0.02);
});

it("draws a line with round ends", () => {
  const canvas = createCanvas(40, 40);
  new Pen(canvas, inPixels).line([10, 20], [30, 20], 6, white);
  const expected = 20 * 6 + Math.PI * 9;
  expect(Math.abs(area(canvas) / expected - 1)).toBeLessThan(0.05);
});

it("cuts off what lies beyond the canvas", () => {
  const canvas = createCanvas(10, 10);
  new Pen(canvas, inPixels).polygon(0, white, [-50, -50], [50, -50], [50, 50], [-50, 50]);
  expect(area(canvas)).toBe(100);
});

/** In pixels; one half covered counts half. */
function area({ rgb }: Canvas): number {
  return rgb.reduce((sum, value) => sum + value, 0) / 255 / 3;
}
