import { PNG } from "pngjs";
import { chooseCoat, drawCat, drawDog, mix, withOpacity } from "./animals.ts";
import { type Canvas, type Colour, createCanvas, Pen } from "./canvas.ts";
import { between, type Random, seededRandom, servedSeeds } from "./seeds.ts";

export type Animal = "cat" | "dog";

export interface Picture {
  width: number;
  height: number;
  /** Red, green and blue, one byte each, row by row from the top left. */
  rgb: Uint8Array;
}

const size = 80;

/**
 * Draws a cat's or a dog's face, 80×80 pixels: the same bytes for the same animal and seed.
 *
 * One seed gives a cat and a dog the same background, coat, position and light, so that only their
 * features distinguish them.
 *
 * @param options.seed a whole number; only its low 32 bits count
 */
export function drawPicture({ animal, seed }: { animal: Animal; seed: number }): Picture {
  // Two sequences, because a cat takes more random numbers than a dog.
  const scene = seededRandom(seed);
  const features = seededRandom(~seed);
  const canvas = createCanvas(size, size);

  drawBackground(canvas, scene);
  const coat = chooseCoat(scene);
  const pen = new Pen(canvas, {
    centre: [between(scene, 31, 49), between(scene, 33, 49)],
    scale: between(scene, 18, 27),
    rotation: between(scene, -0.4, 0.4),
  });
  const turn = between(scene, -1, 1);
  const draw = animal === "cat" ? drawCat : drawDog;
  draw(pen, coat, turn, features);
  drawForeground(canvas, scene);
  applyLightAndNoise(canvas, scene);

  // A clamped array rounds, and limits values to 0 to 255.
  const bytes = Uint8ClampedArray.from(canvas.rgb);
  return { width: size, height: size, rgb: new Uint8Array(bytes.buffer) };
}

/**
 * Picture of a URL path, always the same. A path that contains "cat" gives a cat, else one that
 * contains "dog" a dog, in any case; the hash of the path decides about all others.
 */
export function pictureFor(path: string): Picture & { animal: Animal } {
  const hash = hashOf(path);
  const named = (["cat", "dog"] as const).find((one) => path.toLowerCase().includes(one));
  // Odd means cat, so that `/img.jpg`, the specification's example, is one.
  const animal = named ?? (hash % 2 === 1 ? "cat" : "dog");
  const seed = servedSeeds.first + (hash % (servedSeeds.end - servedSeeds.first));
  return { animal, ...drawPicture({ animal, seed }) };
}

/** FNV-1a over the path's UTF-16 units, then mixed, since its lowest bit alone is weak. */
function hashOf(path: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index++) {
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const colourWithoutAlpha = 2;

export function encodePng({ width, height, rgb }: Picture): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgb.buffer, rgb.byteOffset, rgb.byteLength);
  return PNG.sync.write(png, {
    colorType: colourWithoutAlpha,
    inputColorType: colourWithoutAlpha,
    // Noise hardly compresses: one filter and quick deflate cost few bytes and save most time.
    filterType: 1,
    deflateLevel: 1,
  });
}

/**
 * Fills the canvas: a gradient with ellipses, triangles and bars in any colours, so that a round or
 * pointed shape alone says nothing about the animal.
 */
function drawBackground(canvas: Canvas, random: Random): void {
  const top = anyColour(random);
  const bottom = mix(top, anyColour(random), 0.7);
  for (let row = 0; row < canvas.height; row++) {
    const colour = mix(top, bottom, row / canvas.height);
    for (let column = 0; column < canvas.width; column++) {
      canvas.rgb.set(colour, (row * canvas.width + column) * 3);
    }
  }
  const shapes = Math.floor(between(random, 3, 9));
  for (let shape = 0; shape < shapes; shape++) drawClutter(canvas, random);
}

function drawClutter(canvas: Canvas, random: Random): void {
  const pen = new Pen(canvas, {
    centre: [between(random, 0, canvas.width), between(random, 0, canvas.height)],
    scale: between(random, 5, 22),
    rotation: between(random, 0, Math.PI * 2),
  });
  const base = anyColour(random);
  const colour = withOpacity(base, between(random, 0.4, 1));
  const kind = random();
  if (kind < 0.4) {
    pen.ellipse([0, 0], [1, between(random, 0.3, 1)], 0, colour);
  } else if (kind < 0.8) {
    pen.polygon(0, colour, [-0.6, 0.7], [between(random, -0.5, 0.5), -0.9], [0.6, 0.7]);
  } else {
    pen.line([-3, 0], [3, 0], between(random, 0.15, 0.6), colour);
  }
}

/** Adds something in front of half of the pictures: a stick across, or a ball at the lower edge. */
function drawForeground(canvas: Canvas, random: Random): void {
  const kind = random();
  if (kind > 0.5) return;
  const { width, height } = canvas;
  const colour = anyColour(random);
  if (kind < 0.25) {
    const pen = new Pen(canvas, {
      centre: [between(random, 0.1, 0.9) * width, height / 2],
      scale: width,
      rotation: between(random, -0.5, 0.5),
    });
    pen.line([0, -1], [0, 1], between(random, 0.03, 0.08), colour);
  } else {
    const pen = new Pen(canvas, {
      centre: [between(random, 0.05, 0.95) * width, between(random, 0.85, 1.05) * height],
      scale: between(random, 0.15, 0.28) * width,
      rotation: 0,
    });
    pen.ellipse([0, 0], [1, 1], 0, colour);
    const shine = withOpacity(mix(colour, [255, 255, 255], 0.5), 0.7);
    pen.ellipse([-0.3, -0.3], [0.35, 0.35], 0, shine);
  }
}

/** Brightens one side, darkens the other, and adds camera noise. */
function applyLightAndNoise(canvas: Canvas, random: Random): void {
  const { width, height, rgb } = canvas;
  const exposure = between(random, 0.7, 1.15);
  const direction = between(random, 0, Math.PI * 2);
  const strength = between(random, 0, 0.35);
  const tint = [between(random, 0.9, 1.1), between(random, 0.9, 1.1), between(random, 0.9, 1.1)];
  const grain = between(random, 6, 36);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const right = (column / width - 0.5) * Math.cos(direction);
      const down = (row / height - 0.5) * Math.sin(direction);
      const light = exposure * (1 + strength * 2 * (right + down));
      const pixel = (row * width + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        // Sum of two uniform numbers: mostly small, seldom large.
        const noise = (random() + random() - 1) * grain;
        const shade = light * (tint[channel] ?? 1);
        rgb[pixel + channel] = (rgb[pixel + channel] ?? 0) * shade + noise;
      }
    }
  }
}

function anyColour(random: Random): Colour {
  return [between(random, 20, 240), between(random, 20, 240), between(random, 20, 240)];
}
