import { readFileSync } from "node:fs";
import { classes, decodeWeights, imageSize } from "./network/architecture.ts";
import { createForwardPass } from "./network/forward-pass.ts";
import { cropAt, type Image, resample, takeCrop } from "./network/image.ts";

export interface Prediction {
  prediction: (typeof classes)[number];
  /** The prediction's probability, averaged over the crops: 0.5 to 1. */
  confidence: number;
}

// Trained by training/train.ts. One network per thread is enough, because `classify` does not
// yield.
const network = createForwardPass(
  decodeWeights(readFileSync(new URL("./weights.bin", import.meta.url))),
);

/**
 * Distinguishes a cat from a dog by the image's pixels, with a small convolutional network: a few
 * milliseconds of CPU per crop, during which the calling thread does nothing else.
 *
 * @param image of any size; resampled to 80×80 pixels
 * @param crops number of different crops to average, some mirrored, from 1; beyond 578 they repeat
 * @param stopped called before each crop; `true` stops. Default: never
 * @throws {RangeError} for an invalid argument
 * @throws {Error} with the message "stopped"
 */
export function classify(
  image: Image,
  crops: number,
  stopped: () => boolean = () => false,
): Prediction {
  assertImage(image);
  if (!Number.isInteger(crops) || crops < 1) {
    throw new RangeError(`Expected \`crops\` to be a whole number from 1, got ${crops}`);
  }

  const rgb = resample(image, imageSize);
  const sums = classes.map(() => 0);
  for (let index = 0; index < crops; index++) {
    if (stopped()) throw new Error("stopped");
    takeCrop(rgb, cropAt(index), network.input);
    network.run();
    for (const [label, probability] of network.probabilities.entries()) {
      sums[label] = (sums[label] ?? 0) + probability;
    }
  }

  const [cat = 0, dog = 0] = sums;
  return {
    prediction: cat >= dog ? "cat" : "dog",
    // Divided by both sums, not by `crops`, so that rounding can't lift it above 1.
    confidence: Math.max(cat, dog) / (cat + dog),
  };
}

function assertImage({ width, height, rgb }: Image): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`Expected an image of at least 1×1 pixels, got ${width}×${height}`);
  }
  if (rgb.length !== width * height * 3) {
    throw new RangeError(
      `Expected \`image.rgb\` to hold ${width * height * 3} bytes, got ${rgb.length}`,
    );
  }
}
