/** What the network tells apart, in the order of its outputs. */
export const classes = ["cat", "dog"] as const;

/** Width and height, in pixels, that every image is brought to before crops are taken. */
export const imageSize = 80;

/** Width and height, in pixels, of the crop that the network sees. */
export const cropSize = 64;

/** A 3×3 convolution, then ReLU, then 2×2 max-pooling. */
export interface ConvolutionShape {
  inputChannels: number;
  outputChannels: number;
  /** Width and height of each plane that goes in. */
  inputSize: number;
  /** After the convolution: 2 smaller, since there is no padding. */
  convolvedSize: number;
  /** After the pooling: half of that; an odd last row and column are left out. */
  pooledSize: number;
}

export const convolutions: readonly ConvolutionShape[] = stack([3, 12, 24, 32, 48]);

/** The dense layer at the end. It takes the last pooled planes, one after the other. */
export const dense = { inputs: lastPooledLength(convolutions), outputs: classes.length };

/** How many numbers each layer learns: the convolutions in order, then the dense layer. */
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
