import { type Coat, mix, vary } from "./coat.ts";
import type { Pen } from "./pen.ts";
import type { Colour, Point } from "./rasteriser.ts";
import { between, pick, type Random } from "./seeded-random.ts";

const pink: Colour = [232, 142, 150];
const dark: Colour = [24, 20, 24];
const irises: readonly [Colour, ...Colour[]] = [
  [158, 190, 70],
  [226, 186, 60],
  [110, 178, 204],
  [206, 140, 50],
];

/** Pointed ears, slit pupils, a small nose, whiskers. `turn` (-1 to 1) is where the face looks. */
export function drawCat(pen: Pen, coat: Coat, turn: number, random: Random): void {
  drawBody(pen, coat);
  for (const side of [-1, 1]) drawEar(pen, coat, side, random);
  pen.ellipse([0, 0], [1.06, 0.9], 0, coat.outline);
  pen.ellipse([0, 0], [1, 0.84], 0, coat.fur);
  // Nearer parts of the face move further when the head turns.
  drawPattern(pen, coat, turn * 0.12, random);
  drawEyes(pen, turn * 0.16, random);
  drawMuzzle(pen, coat, turn * 0.24, random);
}

function drawBody(pen: Pen, coat: Coat): void {
  pen.ellipse([0, 1.75], [0.96, 1.2], 0, coat.outline);
  pen.ellipse([0, 1.75], [0.9, 1.14], 0, mix(coat.fur, coat.outline, 0.25));
  pen.ellipse([0, 1.6], [0.45, 0.7], 0, coat.muzzle, 0.7);
}

function drawEar(pen: Pen, coat: Coat, side: number, random: Random): void {
  const tipX = between(random, 0.68, 0.92) * side;
  const tipY = between(random, -1.5, -1.2);
  const outer = 0.94 * side;
  const inner = 0.18 * side;
  const corners: Point[] = [
    [outer, -0.1],
    [tipX, tipY],
    [inner, -0.72],
  ];
  pen.polygon(corners, 0.07, coat.outline);
  pen.polygon(corners, 0.02, coat.fur);
  pen.polygon(
    [
      [outer * 0.9, -0.35],
      [tipX * 0.98, tipY + 0.24],
      [inner * 2, -0.66],
    ],
    0,
    mix(pink, coat.fur, 0.35),
  );
}

function drawPattern(pen: Pen, coat: Coat, shift: number, random: Random): void {
  const { pattern, marking, muzzle } = coat;
  if (pattern === "striped") {
    for (const x of [-0.28, 0, 0.28]) {
      pen.line([x + shift, -0.74], [x * 0.6 + shift, -0.4], 0.1, marking);
    }
    for (const side of [-1, 1]) {
      pen.line([0.96 * side, 0.02], [0.66 * side, 0.08], 0.09, marking);
      pen.line([0.92 * side, 0.26], [0.64 * side, 0.24], 0.09, marking);
    }
  } else if (pattern === "patched") {
    const side = pick(random, [-1, 1]);
    pen.ellipse([0.45 * side + shift, -0.25], [0.42, 0.46], 0.5 * side, marking);
  } else if (pattern === "blazed") {
    pen.polygon(
      [
        [shift, -0.7],
        [shift - 0.2, 0.3],
        [shift + 0.2, 0.3],
      ],
      0.04,
      muzzle,
    );
  }
}

function drawEyes(pen: Pen, shift: number, random: Random): void {
  const iris = vary(random, pick(random, irises), 16);
  const height = between(random, 0.17, 0.25);
  const slit = between(random, 0.045, 0.085);
  for (const side of [-1, 1]) {
    const x = 0.42 * side + shift;
    pen.ellipse([x, -0.1], [0.29, height + 0.05], 0.25 * side, dark);
    pen.ellipse([x, -0.1], [0.25, height], 0.25 * side, iris);
    pen.ellipse([x, -0.1], [slit, height * 0.95], 0, dark);
    pen.ellipse([x + 0.07, -0.18], [0.05, 0.05], 0, [255, 255, 255], 0.9);
  }
}

function drawMuzzle(pen: Pen, coat: Coat, shift: number, random: Random): void {
  for (const side of [-1, 1]) {
    pen.ellipse([0.19 * side + shift, 0.43], [0.25, 0.2], 0.15 * side, coat.muzzle);
  }
  const nose = random() < 0.7 ? vary(random, pink, 20) : mix(pink, dark, 0.7);
  pen.polygon(
    [
      [shift - 0.11, 0.24],
      [shift + 0.11, 0.24],
      [shift, 0.34],
    ],
    0.03,
    nose,
  );
  pen.line([shift, 0.36], [shift, 0.47], 0.05, dark, 0.8);
  for (const side of [-1, 1]) {
    pen.line([shift, 0.47], [shift + 0.1 * side, 0.55], 0.05, dark, 0.8);
    pen.line([shift + 0.1 * side, 0.55], [shift + 0.24 * side, 0.5], 0.05, dark, 0.8);
    for (const rise of [-0.17, 0, 0.17]) {
      const droop = between(random, -0.06, 0.06);
      pen.line(
        [shift + 0.3 * side, 0.4 + rise * 0.4],
        [shift + 1.2 * side, 0.42 + rise * 1.6 + droop],
        0.045,
        coat.contrast,
        0.85,
      );
    }
  }
}
