import { expect, it } from "vitest";
import { decodeWeights, encodeWeights, layerSizes } from "./architecture.ts";

it("decodes what it encoded, but for the rounding to 16 bits", () => {
  const parameters = layerSizes.map(({ weights, biases }) => ({
    weights: Float32Array.from({ length: weights }, (_, index) => Math.sin(index)),
    biases: new Float32Array(biases),
  }));
  const decoded = decodeWeights(encodeWeights(parameters));
  for (const [layer, { weights, biases }] of parameters.entries()) {
    const errors = weights.map((weight, at) => weight - (decoded[layer]?.weights[at] ?? 0));
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(1 / 2 ** 15);
    expect(decoded[layer]?.biases).toEqual(biases);
  }
});

it("refuses a file made for another architecture", () => {
  expect(() => decodeWeights(new Uint8Array(10))).toThrow("bytes of weights, got 10");
});
