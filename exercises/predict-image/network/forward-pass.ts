import {
  type ConvolutionShape,
  convolutions,
  cropSize,
  dense,
  type LayerParameters,
} from "./architecture.ts";

/** A network with its buffers, which are reused: one crop at a time. */
export interface ForwardPass {
  /** Input of the crop: three planes of `cropSize`², numbers around 0. */
  readonly input: Float32Array;
  readonly stages: readonly Stage[];
  readonly denseParameters: LayerParameters;
  /** Input of the dense layer: the last stage's pooled planes. */
  readonly features: Float32Array;
  readonly probabilities: Float32Array;
  run(): void;
}

export interface Stage {
  readonly shape: ConvolutionShape;
  readonly parameters: LayerParameters;
  readonly input: Float32Array;
  readonly convolved: Float32Array;
  readonly pooled: Float32Array;
}

/**
 * @param parameters one entry per layer of the architecture, in order
 * @throws {RangeError} when a layer's parameters are missing
 */
export function createForwardPass(parameters: readonly LayerParameters[]): ForwardPass {
  const denseParameters = parameters[convolutions.length];
  const input = new Float32Array(3 * cropSize ** 2);
  const stages: Stage[] = [];
  let features: Float32Array = input;
  for (const [index, shape] of convolutions.entries()) {
    const stage = createStage(shape, parameters[index], features);
    stages.push(stage);
    features = stage.pooled;
  }
  if (!denseParameters) throw new RangeError("Expected parameters for the dense layer, got none");
  const probabilities = new Float32Array(dense.outputs);

  return {
    input,
    stages,
    denseParameters,
    features,
    probabilities,
    run() {
      for (const stage of stages) {
        convolve(stage.shape, stage.parameters, stage.input, stage.convolved);
        rectifyAndPool(stage.shape, stage.convolved, stage.pooled);
      }
      applyDense(denseParameters, features, probabilities);
      softmax(probabilities);
    },
  };
}

function createStage(
  shape: ConvolutionShape,
  parameters: LayerParameters | undefined,
  input: Float32Array,
): Stage {
  if (!parameters) throw new RangeError("Expected parameters for each convolution, got too few");
  return {
    shape,
    parameters,
    input,
    convolved: new Float32Array(shape.outputChannels * shape.convolvedSize ** 2),
    pooled: new Float32Array(shape.outputChannels * shape.pooledSize ** 2),
  };
}

/**
 * A 3×3 convolution without padding. Planes follow each other, each row by row.
 *
 * Nearly all of the time is spent here. A typed array's element has the type
 * `number | undefined`; the indices are in range by construction, hence the casts.
 */
function convolve(
  shape: ConvolutionShape,
  { weights, biases }: LayerParameters,
  input: Float32Array,
  output: Float32Array,
): void {
  const inputPlane = shape.inputSize ** 2;
  const outputPlane = shape.convolvedSize ** 2;
  for (let outputChannel = 0; outputChannel < shape.outputChannels; outputChannel++) {
    const to = outputChannel * outputPlane;
    output.fill(biases[outputChannel] ?? 0, to, to + outputPlane);
    for (let inputChannel = 0; inputChannel < shape.inputChannels; inputChannel++) {
      const kernel = (outputChannel * shape.inputChannels + inputChannel) * 9;
      addFiltered(shape, input, inputChannel * inputPlane, weights, kernel, output, to);
    }
  }
}

/** Adds one input plane, filtered with one kernel, to one output plane. */
function addFiltered(
  { inputSize, convolvedSize }: ConvolutionShape,
  input: Float32Array,
  inputStart: number,
  weights: Float32Array,
  kernel: number,
  output: Float32Array,
  outputStart: number,
): void {
  const topLeft = weights[kernel] as number;
  const top = weights[kernel + 1] as number;
  const topRight = weights[kernel + 2] as number;
  const left = weights[kernel + 3] as number;
  const centre = weights[kernel + 4] as number;
  const right = weights[kernel + 5] as number;
  const bottomLeft = weights[kernel + 6] as number;
  const bottom = weights[kernel + 7] as number;
  const bottomRight = weights[kernel + 8] as number;
  for (let row = 0; row < convolvedSize; row++) {
    const above = inputStart + row * inputSize;
    const here = above + inputSize;
    const below = here + inputSize;
    const to = outputStart + row * convolvedSize;
    for (let column = 0; column < convolvedSize; column++) {
      output[to + column] =
        (output[to + column] as number) +
        topLeft * (input[above + column] as number) +
        top * (input[above + column + 1] as number) +
        topRight * (input[above + column + 2] as number) +
        left * (input[here + column] as number) +
        centre * (input[here + column + 1] as number) +
        right * (input[here + column + 2] as number) +
        bottomLeft * (input[below + column] as number) +
        bottom * (input[below + column + 1] as number) +
        bottomRight * (input[below + column + 2] as number);
    }
  }
}

/** ReLU and 2×2 max-pooling in one: the largest of four, or 0 if all are below. */
function rectifyAndPool(
  { outputChannels, convolvedSize, pooledSize }: ConvolutionShape,
  input: Float32Array,
  output: Float32Array,
): void {
  let to = 0;
  for (let channel = 0; channel < outputChannels; channel++) {
    for (let row = 0; row < pooledSize; row++) {
      let from = (channel * convolvedSize + row * 2) * convolvedSize;
      for (let column = 0; column < pooledSize; column++) {
        output[to] = Math.max(
          0,
          input[from] as number,
          input[from + 1] as number,
          input[from + convolvedSize] as number,
          input[from + convolvedSize + 1] as number,
        );
        to += 1;
        from += 2;
      }
    }
  }
}

/** Each output is the weighted sum of all inputs. */
function applyDense(
  { weights, biases }: LayerParameters,
  input: Float32Array,
  output: Float32Array,
): void {
  for (const [index, bias] of biases.entries()) {
    let sum = bias;
    for (const [position, value] of input.entries()) {
      sum += value * (weights[index * input.length + position] ?? 0);
    }
    output[index] = sum;
  }
}

/** Turns the scores into probabilities, in place. */
function softmax(scores: Float32Array): void {
  // The subtraction prevents overflow for large scores.
  const largest = Math.max(...scores);
  let sum = 0;
  for (const [index, score] of scores.entries()) {
    const power = Math.exp(score - largest);
    scores[index] = power;
    sum += power;
  }
  for (const [index, power] of scores.entries()) scores[index] = power / sum;
}
