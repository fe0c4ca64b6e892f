/**
 * Trains the network from scratch on drawn pictures and writes ../weights.bin.
 *
 * Run it with `npm run train`. It takes about five minutes on one core and gives the same weights each
 * time.
 */
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { type Animal, drawPicture } from "../../../backends/embedded/pictures/draw-picture.ts";
import { testSeeds, trainingSeeds } from "../../../backends/embedded/pictures/seed-ranges.ts";
import { seededRandom } from "../../../backends/embedded/pictures/seeded-random.ts";
import { classes } from "../network/architecture.ts";
import { cropAt, cropCount, takeCrop } from "../network/crops.ts";
import { createForwardPass } from "../network/forward-pass.ts";
import type { LayerParameters } from "../network/layers.ts";
import { encodeWeights } from "../network/weights-file.ts";
import { createAdam } from "./adam.ts";
import { addGradients } from "./backward-pass.ts";
import { initialParameters, zeroParameters } from "./parameters.ts";

const epochs = 10;
const seedsPerEpoch = 2000;
const seedsPerBatch = 16;
const largestLearningRate = 0.002;

const testedSeeds = 500;
const testedCrops = 4;

const example = `
Example:
  npm run train && npm test -- server/exercises/predict-image`;

new Command("npm run train --")
  .description(
    "Trains the cat-or-dog network from scratch, in about five minutes, and writes weights.bin.",
  )
  .addHelpText("after", example)
  .allowExcessArguments(false)
  .parse();

const random = seededRandom(1);
const parameters = initialParameters(2);
const forward = createForwardPass(parameters);
const step = createAdam(parameters);

for (let epoch = 0; epoch < epochs; epoch++) trainEpoch(epoch);
writeFileSync(new URL("../weights.bin", import.meta.url), encodeWeights(parameters));
await printTestAccuracy();

/** Each epoch sees pictures that no other has seen: drawing new ones is cheap. */
function trainEpoch(epoch: number): void {
  const started = performance.now();
  let loss = 0;
  let right = 0;
  for (let done = 0; done < seedsPerEpoch; done += seedsPerBatch) {
    const gradients = zeroParameters();
    for (let index = 0; index < seedsPerBatch; index++) {
      const seed = trainingSeeds.first + epoch * seedsPerEpoch + done + index;
      for (const [label, animal] of classes.entries()) {
        const probability = learn(animal, label, seed, gradients);
        loss -= Math.log(Math.max(probability, 1e-7));
        right += probability > 0.5 ? 1 : 0;
      }
    }
    // The batch's sum is as good as its mean: Adam's steps do not depend on the scale.
    step(gradients, learningRate((epoch + done / seedsPerEpoch) / epochs));
  }
  const pictures = seedsPerEpoch * classes.length;
  console.log(
    `epoch ${epoch + 1} of ${epochs}: loss ${(loss / pictures).toFixed(4)}, ` +
      `${((right / pictures) * 100).toFixed(2)} % right, ` +
      `${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
}

/** Adds one picture's gradients; returns the probability that the network gave the right class. */
function learn(
  animal: Animal,
  label: number,
  seed: number,
  gradients: readonly LayerParameters[],
): number {
  const { rgb } = drawPicture({ animal, seed });
  takeCrop(rgb, cropAt(Math.floor(random() * cropCount)), forward.input);
  forward.run();
  addGradients(forward, label, gradients);
  return forward.probabilities[label] ?? 0;
}

/** Falls from the largest rate to 0 along half a cosine; `progress` goes from 0 to 1. */
function learningRate(progress: number): number {
  return (largestLearningRate * (1 + Math.cos(Math.PI * progress))) / 2;
}

async function printTestAccuracy(): Promise<void> {
  // Imported only now, since it reads the weights that were just written: what is measured is
  // what will be served.
  const { classify } = await import("../network.ts");
  let right = 0;
  for (let seed = testSeeds.first; seed < testSeeds.first + testedSeeds; seed++) {
    for (const animal of classes) {
      const { prediction } = classify(drawPicture({ animal, seed }), testedCrops);
      if (prediction === animal) right += 1;
    }
  }
  const pictures = testedSeeds * classes.length;
  console.log(`unseen pictures: ${((right / pictures) * 100).toFixed(2)} % of ${pictures} right`);
}
