import { seededRandom } from "@unblock/backends/embedded/pictures/seeds";
import { dense, type LayerParameters, layerSizes } from "../network/architecture.ts";
import type { ForwardPass, Stage } from "../network/forward-pass.ts";

/** Zeros in the shape of the network's parameters. */
export function zeroParameters(): LayerParameters[] {
  return layerSizes.map(({ weights, biases }) => ({
    weights: new Float32Array(weights),
    biases: new Float32Array(biases),
  }));
}

/**
 * Random initial weights. Their spread depends on the number of inputs per output (He
 * initialisation), so that signals neither grow nor fade from layer to layer.
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

/**
 * Adds one crop's gradients to `gradients`: the change of the loss (cross-entropy) with each
 * parameter, by the chain rule from the last layer to the first.
 *
 * @param forward has just run on the crop
 * @param label index of the right class
 * @param gradients one entry per layer, in the shape of its parameters
 */
export function addGradients(
  forward: ForwardPass,
  label: number,
  gradients: readonly LayerParameters[],
): void {
  // Softmax followed by cross-entropy has this simple derivative.
  const scoreGradient = forward.probabilities.map(
    (probability, index) => probability - (index === label ? 1 : 0),
  );
  let pooledGradient = backThroughDense(forward, scoreGradient, layer(gradients, -1));
  for (const [index, stage] of [...forward.stages.entries()].reverse()) {
    pooledGradient = backThroughStage(stage, pooledGradient, layer(gradients, index));
  }
}

/** @returns the gradient of the dense layer's input */
function backThroughDense(
  { features, denseParameters }: ForwardPass,
  scoreGradient: Float32Array,
  gradients: LayerParameters,
): Float32Array {
  const featureGradient = new Float32Array(dense.inputs);
  for (const [output, gradient] of scoreGradient.entries()) {
    gradients.biases[output] = (gradients.biases[output] as number) + gradient;
    for (let input = 0; input < dense.inputs; input++) {
      const at = output * dense.inputs + input;
      gradients.weights[at] =
        (gradients.weights[at] as number) + gradient * (features[input] as number);
      featureGradient[input] =
        (featureGradient[input] as number) + gradient * (denseParameters.weights[at] as number);
    }
  }
  return featureGradient;
}

/** @returns the gradient of the convolution's input */
function backThroughStage(
  stage: Stage,
  pooledGradient: Float32Array,
  gradients: LayerParameters,
): Float32Array {
  const { inputChannels, outputChannels, inputSize } = stage.shape;
  const inputGradient = new Float32Array(stage.input.length);
  for (let outputChannel = 0; outputChannel < outputChannels; outputChannel++) {
    const { positions, slopes } = backThroughPooling(stage, outputChannel, pooledGradient);
    const sum = slopes.reduce((total, slope) => total + slope, 0);
    gradients.biases[outputChannel] = (gradients.biases[outputChannel] as number) + sum;
    for (let inputChannel = 0; inputChannel < inputChannels; inputChannel++) {
      for (let tap = 0; tap < 9; tap++) {
        const at = (outputChannel * inputChannels + inputChannel) * 9 + tap;
        const weight = stage.parameters.weights[at] as number;
        const row = inputChannel * inputSize + Math.floor(tap / 3);
        const start = row * inputSize + (tap % 3);
        let weightGradient = 0;
        for (let index = 0; index < positions.length; index++) {
          const from = start + (positions[index] as number);
          const slope = slopes[index] as number;
          weightGradient += slope * (stage.input[from] as number);
          inputGradient[from] = (inputGradient[from] as number) + slope * weight;
        }
        gradients.weights[at] = (gradients.weights[at] as number) + weightGradient;
      }
    }
  }
  return inputGradient;
}

/**
 * Only the largest of four pixels has a gradient, and only if ReLU let it pass. Lists these pixels
 * by position in a plane of the convolution's input.
 */
function backThroughPooling(
  { shape: { inputSize, convolvedSize, pooledSize }, convolved, pooled }: Stage,
  channel: number,
  pooledGradient: Float32Array,
): { positions: number[]; slopes: number[] } {
  const positions: number[] = [];
  const slopes: number[] = [];
  for (let row = 0; row < pooledSize; row++) {
    for (let column = 0; column < pooledSize; column++) {
      const at = (channel * pooledSize + row) * pooledSize + column;
      const largest = pooled[at] as number;
      if (largest === 0) continue;
      let y = row * 2;
      let x = column * 2;
      const from = (channel * convolvedSize + y) * convolvedSize + x;
      const inTopRow = convolved[from] === largest || convolved[from + 1] === largest;
      if (!inTopRow) y += 1;
      if (convolved[from + (inTopRow ? 0 : convolvedSize)] !== largest) x += 1;
      positions.push(y * inputSize + x);
      slopes.push(pooledGradient[at] as number);
    }
  }
  return { positions, slopes };
}

function layer(gradients: readonly LayerParameters[], index: number): LayerParameters {
  const found = gradients.at(index);
  if (!found) throw new RangeError(`Expected gradients for layer ${index}, got none`);
  return found;
}
