import { layerSizes } from "./architecture.ts";
import type { LayerParameters } from "./layers.ts";

// The file holds, for each layer, its weights and then its biases. Each of these is one scale
// (a 32-bit float) and then whole numbers of 16 bits; a number times the scale is the parameter.
// All of it is little-endian. The architecture says how many there are.
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
