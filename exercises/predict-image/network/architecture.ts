/** Classes in the order of the network's outputs. */
export const classes = ["cat", "dog"] as const;

/** Width and height, in pixels, to which every image is resampled before crops are taken. */
export const imageSize = 80;

export const cropSize = 64;

/** A 3×3 convolution, then ReLU, then 2×2 max-pooling. */
export interface ConvolutionShape {
  inputChannels: number;
  outputChannels: number;
  /** Width and height of each input plane. */
  inputSize: number;
  /** After the convolution: 2 smaller, because there is no padding. */
  convolvedSize: number;
  /** After the pooling: half of that, without an odd last row and column. */
  pooledSize: number;
}

export interface LayerParameters {
  /**
   * For a convolution: per output channel and input channel, nine numbers, row by row. For a dense
   * layer: per output, one number per input.
   */
  weights: Float32Array;
  /** One number per output or output channel. */
  biases: Float32Array;
}

export const convolutions: readonly ConvolutionShape[] = stack([3, 12, 24, 32, 48]);

/** The last layer. Its input is the last pooled planes, one after the other. */
export const dense = { inputs: lastPooledLength(convolutions), outputs: classes.length };

/** Number of parameters per layer: the convolutions in order, then the dense layer. */
export const layerSizes: readonly { weights: number; biases: number }[] = [
  ...convolutions.map(({ inputChannels, outputChannels }) => ({
    weights: outputChannels * inputChannels * 9,
    biases: outputChannels,
  })),
  { weights: dense.inputs * dense.outputs, biases: dense.outputs },
];

function stack(channels: readonly number[]): ConvolutionShape[] {
  let inputSize = cropSize;
  return channels.slice(1).map((outputChannels, index) => {
    const convolvedSize = inputSize - 2;
    const pooledSize = Math.floor(convolvedSize / 2);
    const inputChannels = channels[index] ?? 0;
    const shape = { inputChannels, outputChannels, inputSize, convolvedSize, pooledSize };
    inputSize = pooledSize;
    return shape;
  });
}

function lastPooledLength(shapes: readonly ConvolutionShape[]): number {
  const last = shapes.at(-1);
  return last ? last.outputChannels * last.pooledSize ** 2 : 0;
}

// The file contains, per layer, its weights and then its biases. Each of these is a scale (32-bit
// float) and 16-bit integers; an integer times the scale is the parameter. All are little-endian,
// and the architecture gives their number.
const scaleBytes = 4;
const numberBytes = 2;
const largestNumber = 2 ** 15 - 1;

const fileBytes = layerSizes
  .flatMap(({ weights, biases }) => [weights, biases])
  .reduce((sum, length) => sum + scaleBytes + length * numberBytes, 0);

export function encodeWeights(parameters: readonly LayerParameters[]): Uint8Array {
  const bytes = new Uint8Array(fileBytes);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const tensor of parameters.flatMap(({ weights, biases }) => [weights, biases])) {
    const largest = tensor.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // A tensor of zeros fits any scale.
    const scale = largest === 0 ? 1 : largest / largestNumber;
    view.setFloat32(offset, scale, true);
    offset += scaleBytes;
    for (const value of tensor) {
      view.setInt16(offset, Math.round(value / scale), true);
      offset += numberBytes;
    }
  }
  return bytes;
}

/** @throws {RangeError} when the file was made for another architecture */
export function decodeWeights(bytes: Uint8Array): LayerParameters[] {
  if (bytes.length !== fileBytes) {
    throw new RangeError(`Expected ${fileBytes} bytes of weights, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const readTensor = (length: number): Float32Array => {
    const scale = view.getFloat32(offset, true);
    offset += scaleBytes;
    return Float32Array.from({ length }, () => {
      const value = view.getInt16(offset, true) * scale;
      offset += numberBytes;
      return value;
    });
  };
  return layerSizes.map(({ weights, biases }) => ({
    weights: readTensor(weights),
    biases: readTensor(biases),
  }));
}
