import { seededRandom } from "../../../backends/embedded/pictures/seeded-random.ts";
import { layerSizes } from "../network/architecture.ts";
import type { LayerParameters } from "../network/layers.ts";

/** Zeros, shaped as the network's parameters. */
export function zeroParameters(): LayerParameters[] {
  return layerSizes.map(({ weights, biases }) => ({
    weights: new Float32Array(weights),
    biases: new Float32Array(biases),
  }));
}

/**
 * Random weights to begin with. Their spread follows the number of inputs each output sums up
 * (He initialisation), so that signals neither grow nor fade from layer to layer.
 */
export function initialParameters(seed: number): LayerParameters[] {
  const random = seededRandom(seed);
  const parameters = zeroParameters();
  for (const { weights, biases } of parameters) {
    const inputs = weights.length / biases.length;
    const limit = Math.sqrt(6 / inputs);
    for (const index of weights.keys()) weights[index] = (random() * 2 - 1) * limit;
  }
  return parameters;
}
