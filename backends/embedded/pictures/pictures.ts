import { PNG } from "pngjs";
import { chooseCoat, drawCat, drawDog } from "./animals.ts";
import { createCanvas, Pen } from "./canvas.ts";
import { applyLightAndNoise, drawBackground, drawForeground } from "./scenery.ts";
import { between, seededRandom, servedSeeds } from "./seeds.ts";

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
