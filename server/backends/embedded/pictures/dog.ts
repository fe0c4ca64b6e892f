import { type Coat, mix, vary } from "./coat.ts";
import type { Pen } from "./pen.ts";
import type { Colour } from "./rasteriser.ts";
import { between, pick, type Random } from "./seeded-random.ts";

const dark: Colour = [24, 20, 22];
const tongue: Colour = [226, 112, 124];
const irises: readonly [Colour, ...Colour[]] = [
  [92, 56, 30],
  [60, 38, 26],
  [150, 98, 44],
  [120, 160, 190],
];

/** Floppy ears, a long snout, a big dark nose. `turn` (-1 to 1) is where the face looks. */
export function drawDog(pen: Pen, coat: Coat, turn: number, random: Random): void {
  drawBody(pen, coat);
  pen.ellipse([0, -0.05], [0.92, 1.02], 0, coat.outline);
  pen.ellipse([0, -0.05], [0.86, 0.96], 0, coat.fur);
  // Nearer parts of the face move further when the head turns.
  drawPattern(pen, coat, turn * 0.12, random);
  for (const side of [-1, 1]) drawEar(pen, coat, side, random);
  drawEyes(pen, coat, turn * 0.16, random);
  drawSnout(pen, coat, turn * 0.3, random);
}

function drawBody(pen: Pen, coat: Coat): void {
  pen.ellipse([0, 1.8], [1.06, 1.15], 0, coat.outline);
  pen.ellipse([0, 1.8], [1, 1.09], 0, mix(coat.fur, coat.outline, 0.25));
  pen.ellipse([0, 1.6], [0.5, 0.7], 0, coat.muzzle, 0.7);
}

function drawEar(pen: Pen, coat: Coat, side: number, random: Random): void {
  const length = between(random, 0.52, 0.74);
  const spread = between(random, 0.08, 0.34);
  const x = (0.82 + spread * 0.4) * side;
  const y = length - 0.72;
  // Negative: the lower end swings away from the head.
  pen.ellipse([x, y], [0.33, length + 0.05], -spread * side, coat.outline);
  pen.ellipse([x, y], [0.27, length], -spread * side, coat.marking);
}

function drawPattern(pen: Pen, coat: Coat, shift: number, random: Random): void {
  const { pattern, marking, muzzle } = coat;
  if (pattern === "striped") {
    for (const side of [-1, 1]) {
      pen.line([0.5 * side + shift, -0.47], [0.22 * side + shift, -0.55], 0.13, marking);
      pen.ellipse([0.5 * side + shift, 0.45], [0.24, 0.3], 0, marking);
    }
  } else if (pattern === "patched") {
    const side = pick(random, [-1, 1]);
    pen.ellipse([0.38 * side + shift, -0.2], [0.4, 0.44], 0.3 * side, marking);
  } else if (pattern === "blazed") {
    pen.polygon(
      [
        [shift - 0.08, -0.85],
        [shift + 0.08, -0.85],
        [shift + 0.2, 0.3],
        [shift - 0.2, 0.3],
      ],
      0.04,
      muzzle,
    );
  }
}

function drawEyes(pen: Pen, coat: Coat, shift: number, random: Random): void {
  const iris = vary(random, pick(random, irises), 12);
  const radius = between(random, 0.14, 0.19);
  for (const side of [-1, 1]) {
    const x = 0.36 * side + shift;
    pen.ellipse(
      [x, -0.2],
      [radius + 0.06, radius + 0.05],
      0,
      mix(coat.muzzle, [255, 255, 255], 0.4),
    );
    pen.ellipse([x, -0.19], [radius, radius], 0, iris);
    pen.ellipse([x, -0.19], [radius * 0.68, radius * 0.68], 0, dark);
    pen.ellipse([x + 0.05, -0.26], [0.055, 0.055], 0, [255, 255, 255], 0.95);
  }
}

function drawSnout(pen: Pen, coat: Coat, shift: number, random: Random): void {
  pen.ellipse([shift, 0.46], [0.52, 0.46], 0, mix(coat.muzzle, coat.outline, 0.35));
  if (random() < 0.65) {
    const length = between(random, 0.22, 0.34);
    pen.ellipse([shift, 0.74 + length * 0.7], [0.17, length], 0, vary(random, tongue, 15));
    pen.line([shift, 0.8], [shift, 0.76 + length], 0.04, mix(tongue, dark, 0.4));
  }
  pen.ellipse([shift, 0.44], [0.48, 0.42], 0, coat.muzzle);
  pen.line([shift, 0.4], [shift, 0.66], 0.06, dark, 0.85);
  for (const side of [-1, 1]) {
    pen.line([shift, 0.66], [shift + 0.16 * side, 0.73], 0.06, dark, 0.85);
    pen.line([shift + 0.16 * side, 0.73], [shift + 0.34 * side, 0.62], 0.06, dark, 0.85);
  }
  const width = between(random, 0.2, 0.27);
  pen.ellipse([shift, 0.24], [width, width * 0.74], 0, dark);
  pen.ellipse([shift - 0.06, 0.17], [0.08, 0.045], 0, [190, 190, 196], 0.8);
}
