import type { Colour, OpaqueColour, Pen } from "./canvas.ts";
import { between, pick, type Random } from "./seeds.ts";

/** An animal's fur. Cats and dogs share the coats, so that colour does not distinguish them. */
interface Coat {
  readonly fur: Colour;
  /** Ears, patches and stripes. */
  readonly marking: Colour;
  /** Around nose and mouth. */
  readonly muzzle: Colour;
  readonly outline: Colour;
  /** For fine lines that must be visible on the fur. */
  readonly contrast: Colour;
  readonly pattern: "plain" | "striped" | "patched" | "blazed";
}

const furColours: readonly [Colour, ...Colour[]] = [
  [226, 140, 62], // ginger
  [120, 78, 48], // brown
  [52, 48, 50], // black
  [140, 142, 150], // grey
  [232, 212, 176], // cream
  [242, 240, 236], // white
  [196, 148, 92], // golden
  [92, 96, 112], // slate
];

const white: Colour = [250, 246, 240];
const black: Colour = [22, 18, 18];
const light: Colour = [255, 255, 255];
const sides = [-1, 1] as const;

export function chooseCoat(random: Random): Coat {
  const fur = vary(random, pick(random, furColours), 12);
  const bright = 0.3 * fur[0] + 0.6 * fur[1] + 0.1 * fur[2] > 130;
  const tone = random() < (bright ? 0.75 : 0.35) ? black : white;
  return {
    fur,
    marking: mix(fur, tone, between(random, 0.3, 0.6)),
    muzzle: mix(fur, white, between(random, 0.25, 0.8)),
    outline: mix(fur, black, 0.55),
    contrast: bright ? mix(fur, black, 0.8) : mix(fur, white, 0.85),
    pattern: pick(random, ["plain", "striped", "patched", "blazed"]),
  };
}

/** `share` 0 gives the first colour, 1 the second. */
export function mix(first: Colour, second: Colour, share: number): OpaqueColour {
  const blend = (from: number, to: number) => from + share * (to - from);
  return [blend(first[0], second[0]), blend(first[1], second[1]), blend(first[2], second[2])];
}

export function withOpacity([red, green, blue]: Colour, opacity: number): Colour {
  return [red, green, blue, opacity];
}

/** Moves each channel by up to `range`. */
function vary(random: Random, [red, green, blue]: Colour, range: number): Colour {
  const move = (channel: number) =>
    Math.min(255, Math.max(0, channel + between(random, -range, range)));
  return [move(red), move(green), move(blue)];
}

const pink: Colour = [232, 142, 150];
const catDark: Colour = [24, 20, 24];
const catIrises: readonly [Colour, ...Colour[]] = [
  [158, 190, 70],
  [226, 186, 60],
  [110, 178, 204],
  [206, 140, 50],
];

/**
 * Pointed ears, slit pupils, a small nose, whiskers. `turn` (-1 to 1) is the direction of the face.
 */
export function drawCat(pen: Pen, coat: Coat, turn: number, random: Random): void {
  const { fur, outline, muzzle } = coat;
  pen.ellipse([0, 1.75], [0.96, 1.2], 0, outline);
  pen.ellipse([0, 1.75], [0.9, 1.14], 0, mix(fur, outline, 0.25));
  pen.ellipse([0, 1.6], [0.45, 0.7], 0, withOpacity(muzzle, 0.7));
  for (const side of sides) drawCatEar(pen, coat, side, random);
  pen.ellipse([0, 0], [1.06, 0.9], 0, outline);
  pen.ellipse([0, 0], [1, 0.84], 0, fur);
  // Nearer parts of the face move further when the head turns.
  drawCatPattern(pen, coat, turn * 0.12, random);
  drawCatEyes(pen, turn * 0.16, random);
  drawMuzzle(pen, coat, turn * 0.24, random);
}

function drawCatEar(pen: Pen, { outline, fur }: Coat, side: number, random: Random): void {
  const tipX = between(random, 0.68, 0.92) * side;
  const tipY = between(random, -1.5, -1.2);
  const outer = 0.94 * side;
  const inner = 0.18 * side;
  pen.polygon(0.07, outline, [outer, -0.1], [tipX, tipY], [inner, -0.72]);
  pen.polygon(0.02, fur, [outer, -0.1], [tipX, tipY], [inner, -0.72]);
  const skin = mix(pink, fur, 0.35);
  pen.polygon(0, skin, [outer * 0.9, -0.35], [tipX * 0.98, tipY + 0.24], [inner * 2, -0.66]);
}

function drawCatPattern(pen: Pen, coat: Coat, shift: number, random: Random): void {
  const { pattern, marking, muzzle } = coat;
  if (pattern === "striped") {
    for (const x of [-0.28, 0, 0.28]) {
      pen.line([x + shift, -0.74], [x * 0.6 + shift, -0.4], 0.1, marking);
    }
    for (const side of sides) {
      pen.line([0.96 * side, 0.02], [0.66 * side, 0.08], 0.09, marking);
      pen.line([0.92 * side, 0.26], [0.64 * side, 0.24], 0.09, marking);
    }
  } else if (pattern === "patched") {
    const side = pick(random, sides);
    pen.ellipse([0.45 * side + shift, -0.25], [0.42, 0.46], 0.5 * side, marking);
  } else if (pattern === "blazed") {
    pen.polygon(0.04, muzzle, [shift, -0.7], [shift - 0.2, 0.3], [shift + 0.2, 0.3]);
  }
}

function drawCatEyes(pen: Pen, shift: number, random: Random): void {
  const iris = vary(random, pick(random, catIrises), 16);
  const height = between(random, 0.17, 0.25);
  const slit = between(random, 0.045, 0.085);
  for (const side of sides) {
    const x = 0.42 * side + shift;
    pen.ellipse([x, -0.1], [0.29, height + 0.05], 0.25 * side, catDark);
    pen.ellipse([x, -0.1], [0.25, height], 0.25 * side, iris);
    pen.ellipse([x, -0.1], [slit, height * 0.95], 0, catDark);
    pen.ellipse([x + 0.07, -0.18], [0.05, 0.05], 0, withOpacity(light, 0.9));
  }
}

function drawMuzzle(pen: Pen, coat: Coat, shift: number, random: Random): void {
  for (const side of sides) {
    pen.ellipse([0.19 * side + shift, 0.43], [0.25, 0.2], 0.15 * side, coat.muzzle);
  }
  const nose = random() < 0.7 ? vary(random, pink, 20) : mix(pink, catDark, 0.7);
  pen.polygon(0.03, nose, [shift - 0.11, 0.24], [shift + 0.11, 0.24], [shift, 0.34]);
  const mouth = withOpacity(catDark, 0.8);
  pen.line([shift, 0.36], [shift, 0.47], 0.05, mouth);
  for (const side of sides) {
    pen.line([shift, 0.47], [shift + 0.1 * side, 0.55], 0.05, mouth);
    pen.line([shift + 0.1 * side, 0.55], [shift + 0.24 * side, 0.5], 0.05, mouth);
    for (const rise of [-0.17, 0, 0.17]) {
      const end = 0.42 + rise * 1.6 + between(random, -0.06, 0.06);
      const whisker = withOpacity(coat.contrast, 0.85);
      pen.line([shift + 0.3 * side, 0.4 + rise * 0.4], [shift + 1.2 * side, end], 0.045, whisker);
    }
  }
}

const dogDark: Colour = [24, 20, 22];
const tongue: Colour = [226, 112, 124];
const dogIrises: readonly [Colour, ...Colour[]] = [
  [92, 56, 30],
  [60, 38, 26],
  [150, 98, 44],
  [120, 160, 190],
];

/** Floppy ears, a long snout, a big dark nose. `turn` (-1 to 1) is the direction of the face. */
export function drawDog(pen: Pen, coat: Coat, turn: number, random: Random): void {
  const { fur, outline, muzzle } = coat;
  pen.ellipse([0, 1.8], [1.06, 1.15], 0, outline);
  pen.ellipse([0, 1.8], [1, 1.09], 0, mix(fur, outline, 0.25));
  pen.ellipse([0, 1.6], [0.5, 0.7], 0, withOpacity(muzzle, 0.7));
  pen.ellipse([0, -0.05], [0.92, 1.02], 0, outline);
  pen.ellipse([0, -0.05], [0.86, 0.96], 0, fur);
  // Nearer parts of the face move further when the head turns.
  drawDogPattern(pen, coat, turn * 0.12, random);
  for (const side of sides) drawDogEar(pen, coat, side, random);
  drawDogEyes(pen, coat, turn * 0.16, random);
  drawSnout(pen, coat, turn * 0.3, random);
}

function drawDogEar(pen: Pen, { outline, marking }: Coat, side: number, random: Random): void {
  const length = between(random, 0.52, 0.74);
  const spread = between(random, 0.08, 0.34);
  const x = (0.82 + spread * 0.4) * side;
  const y = length - 0.72;
  // Negative: the lower end swings away from the head.
  pen.ellipse([x, y], [0.33, length + 0.05], -spread * side, outline);
  pen.ellipse([x, y], [0.27, length], -spread * side, marking);
}

function drawDogPattern(pen: Pen, coat: Coat, shift: number, random: Random): void {
  const { pattern, marking, muzzle } = coat;
  if (pattern === "striped") {
    for (const side of sides) {
      pen.line([0.5 * side + shift, -0.47], [0.22 * side + shift, -0.55], 0.13, marking);
      pen.ellipse([0.5 * side + shift, 0.45], [0.24, 0.3], 0, marking);
    }
  } else if (pattern === "patched") {
    const side = pick(random, sides);
    pen.ellipse([0.38 * side + shift, -0.2], [0.4, 0.44], 0.3 * side, marking);
  } else if (pattern === "blazed") {
    const [left, right] = [shift - 0.2, shift + 0.2];
    pen.polygon(
      0.04,
      muzzle,
      [shift - 0.08, -0.85],
      [shift + 0.08, -0.85],
      [right, 0.3],
      [left, 0.3],
    );
  }
}

function drawDogEyes(pen: Pen, { muzzle }: Coat, shift: number, random: Random): void {
  const iris = vary(random, pick(random, dogIrises), 12);
  const radius = between(random, 0.14, 0.19);
  for (const side of sides) {
    const x = 0.36 * side + shift;
    pen.ellipse([x, -0.2], [radius + 0.06, radius + 0.05], 0, mix(muzzle, light, 0.4));
    pen.ellipse([x, -0.19], [radius, radius], 0, iris);
    pen.ellipse([x, -0.19], [radius * 0.68, radius * 0.68], 0, dogDark);
    pen.ellipse([x + 0.05, -0.26], [0.055, 0.055], 0, withOpacity(light, 0.95));
  }
}

function drawSnout(pen: Pen, { muzzle, outline }: Coat, shift: number, random: Random): void {
  pen.ellipse([shift, 0.46], [0.52, 0.46], 0, mix(muzzle, outline, 0.35));
  if (random() < 0.65) {
    const length = between(random, 0.22, 0.34);
    pen.ellipse([shift, 0.74 + length * 0.7], [0.17, length], 0, vary(random, tongue, 15));
    pen.line([shift, 0.8], [shift, 0.76 + length], 0.04, mix(tongue, dogDark, 0.4));
  }
  pen.ellipse([shift, 0.44], [0.48, 0.42], 0, muzzle);
  const mouth = withOpacity(dogDark, 0.85);
  pen.line([shift, 0.4], [shift, 0.66], 0.06, mouth);
  for (const side of sides) {
    pen.line([shift, 0.66], [shift + 0.16 * side, 0.73], 0.06, mouth);
    pen.line([shift + 0.16 * side, 0.73], [shift + 0.34 * side, 0.62], 0.06, mouth);
  }
  const width = between(random, 0.2, 0.27);
  pen.ellipse([shift, 0.24], [width, width * 0.74], 0, dogDark);
  pen.ellipse([shift - 0.06, 0.17], [0.08, 0.045], 0, [190, 190, 196, 0.8]);
}
