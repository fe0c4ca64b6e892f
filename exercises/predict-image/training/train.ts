/**
 * Trains the network from scratch on drawn pictures and writes ../weights.bin: `npm run train`.
 * Takes about five minutes on one core and gives the same weights each time.
 */
import { writeFileSync } from "node:fs";
import { type Animal, drawPicture } from "@unblock/backends/embedded/pictures/pictures";
import { seededRandom, testSeeds, trainingSeeds } from "@unblock/backends/embedded/pictures/seeds";
import { Command } from "commander";
import { classes, encodeWeights, type LayerParameters } from "../network/architecture.ts";
import { createForwardPass } from "../network/forward-pass.ts";
import { cropAt, cropCount, takeCrop } from "../network/image.ts";
import { addGradients, initialParameters, zeroParameters } from "./backward-pass.ts";

const epochs = 10;
const seedsPerEpoch = 2000;
const seedsPerBatch = 16;
const maxLearningRate = 0.002;

const meanDecay = 0.9;
const squareDecay = 0.999;
const tiny = 1e-8;

const testedSeeds = 500;
const testedCrops = 4;

const example = `
Example:
  npm run train && npm test -- exercises/predict-image`;

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

/** Each epoch gets new pictures, which are cheap to draw. */
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
    // The sum over the batch is as good as the mean, because Adam's steps do not depend on the
    // scale.
    step(gradients, learningRate((epoch + done / seedsPerEpoch) / epochs));
  }
  const pictures = seedsPerEpoch * classes.length;
  console.log(
    `epoch ${epoch + 1} of ${epochs}: loss ${(loss / pictures).toFixed(4)}, ` +
      `${((right / pictures) * 100).toFixed(2)} % right, ` +
      `${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
}

/** Adds one picture's gradients; returns the network's probability of the right class. */
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

/** Falls from the max rate to 0 along half a cosine; `progress` goes from 0 to 1. */
function learningRate(progress: number): number {
  return (maxLearningRate * (1 + Math.cos(Math.PI * progress))) / 2;
}

async function printTestAccuracy(): Promise<void> {
  // Imported late because it reads the weights that were just written: what is measured is what is
  // served.
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

/** Moves `parameters` one step against `gradients`. */
type Step = (gradients: readonly LayerParameters[], learningRate: number) => void;

/**
 * The Adam optimiser: each step is the running mean of a parameter's gradient divided by the root
 * of the running mean of its square, so that rare and frequent gradients count alike.
 */
function createAdam(parameters: readonly LayerParameters[]): Step {
  const means = tensors(zeroParameters());
  const squares = tensors(zeroParameters());
  let steps = 0;

  return (gradients, learningRate) => {
    steps += 1;
    // Both running means start at 0; this corrects the bias.
    const meanCorrection = 1 - meanDecay ** steps;
    const squareCorrection = 1 - squareDecay ** steps;
    const slopes = tensors(gradients);
    for (const [index, tensor] of tensors(parameters).entries()) {
      const mean = means[index] ?? tensor;
      const square = squares[index] ?? tensor;
      for (const [at, slope] of (slopes[index] ?? tensor).entries()) {
        const newMean = meanDecay * (mean[at] as number) + (1 - meanDecay) * slope;
        const newSquare = squareDecay * (square[at] as number) + (1 - squareDecay) * slope ** 2;
        mean[at] = newMean;
        square[at] = newSquare;
        const direction =
          newMean / meanCorrection / (Math.sqrt(newSquare / squareCorrection) + tiny);
        tensor[at] = (tensor[at] as number) - learningRate * direction;
      }
    }
  };
}

function tensors(parameters: readonly LayerParameters[]): Float32Array[] {
  return parameters.flatMap(({ weights, biases }) => [weights, biases]);
}
