import type { LayerParameters } from "../network/layers.ts";
import { zeroParameters } from "./parameters.ts";

const meanDecay = 0.9;
const squareDecay = 0.999;
const tiny = 1e-8;

/** Moves `parameters` one step against `gradients`. */
type Step = (gradients: readonly LayerParameters[], learningRate: number) => void;

/**
 * The Adam optimiser: each parameter steps by the running mean of its gradient over the root of
 * the running mean of its square, so that rare and frequent gradients count alike.
 */
export function createAdam(parameters: readonly LayerParameters[]): Step {
  const means = tensors(zeroParameters());
  const squares = tensors(zeroParameters());
  let steps = 0;

  return (gradients, learningRate) => {
    steps += 1;
    // Both running means begin at 0; this undoes their bias towards it.
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
