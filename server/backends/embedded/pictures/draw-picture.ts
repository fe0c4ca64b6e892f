import { drawCat } from "./cat.ts";
import { chooseCoat } from "./coat.ts";
import { drawDog } from "./dog.ts";
import { createPen } from "./pen.ts";
import { createCanvas } from "./rasteriser.ts";
import { applyLightAndNoise, drawBackground, drawForeground } from "./scenery.ts";
import { between, seededRandom } from "./seeded-random.ts";

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
