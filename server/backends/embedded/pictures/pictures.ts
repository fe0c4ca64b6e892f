import { PNG } from "pngjs";
import { chooseCoat, drawCat, drawDog } from "./animals.ts";
import { createCanvas, createPen } from "./canvas.ts";
import { applyLightAndNoise, drawBackground, drawForeground } from "./scenery.ts";
import { between, seededRandom, servedSeeds } from "./seeds.ts";

export type Animal = "cat" | "dog";

export interface Picture {
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  /** Red, green and blue, one byte each, row after row from the top left. */
  rgb: Uint8Array;
}

const size = 80;

/**
 * Draws a cat's or a dog's face, 80×80 pixels: the same bytes for the same animal and seed.
 *
 * One seed gives a cat and a dog the same background, coat, place and light, so that only their
 * features tell them apart.
 *
 * @param options.seed a whole number; only its low 32 bits count
 */
export function drawPicture({ animal, seed }: { animal: Animal; seed: number }): Picture {
  // Two sequences, since a cat takes more random numbers than a dog.
  const scene = seededRandom(seed);
  const features = seededRandom(~seed);
  const canvas = createCanvas(size, size);

  drawBackground(canvas, scene);
  const coat = chooseCoat(scene);
  const pen = createPen(canvas, {
    centre: [between(scene, 31, 49), between(scene, 33, 49)],
    scale: between(scene, 18, 27),
    rotation: between(scene, -0.4, 0.4),
  });
  const turn = between(scene, -1, 1);
  const draw = animal === "cat" ? drawCat : drawDog;
  draw(pen, coat, turn, features);
  drawForeground(canvas, scene);
  applyLightAndNoise(canvas, scene);

  // A clamped array rounds, and cuts off what is below 0 or above 255.
  const bytes = Uint8ClampedArray.from(canvas.rgb);
  return { width: size, height: size, rgb: new Uint8Array(bytes.buffer) };
}

/**
 * The picture that a URL path stands for, always the same. A path that contains "cat" gives a cat,
 * else one that contains "dog" a dog, in any case; the path's hash decides about all others.
 */
export function pictureFor(path: string): Picture & { animal: Animal } {
  const hash = hashOf(path);
  // Odd for a cat, so that `/img.jpg`, the specification's own example, is one.
  const animal = namedIn(path) ?? (hash % 2 === 1 ? "cat" : "dog");
  const seed = servedSeeds.first + (hash % (servedSeeds.end - servedSeeds.first));
  return { animal, ...drawPicture({ animal, seed }) };
}

function namedIn(path: string): Animal | undefined {
  const lowerCase = path.toLowerCase();
  if (lowerCase.includes("cat")) return "cat";
  if (lowerCase.includes("dog")) return "dog";
  return undefined;
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

/** The picture as the bytes of a PNG file, 8 bits a channel, without alpha. */
export function encodePng({ width, height, rgb }: Picture): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgb.buffer, rgb.byteOffset, rgb.byteLength);
  return PNG.sync.write(png, {
    colorType: colourWithoutAlpha,
    inputColorType: colourWithoutAlpha,
    // Noise barely compresses: one filter and a quick deflate cost a few bytes and save most time.
    filterType: 1,
    deflateLevel: 1,
  });
}
