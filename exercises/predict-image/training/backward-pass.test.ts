import { seededRandom } from "@unblock/backends/embedded/pictures/seeds";
import { expect, it } from "vitest";
import { createForwardPass } from "../network/forward-pass.ts";
import { addGradients, initialParameters, zeroParameters } from "./backward-pass.ts";

it("finds the slope of the loss that small changes of a parameter show", () => {
  const parameters = initialParameters(3);
  const forward = createForwardPass(parameters);
  const random = seededRandom(4);
  for (const index of forward.input.keys()) forward.input[index] = random() * 2 - 1;
  const label = 1;
  const loss = () => {
    forward.run();
    return -Math.log(forward.probabilities[label] ?? 0);
  };

  const gradients = zeroParameters();
  forward.run();
  addGradients(forward, label, gradients);

  for (const [layer, { weights, biases }] of parameters.entries()) {
    for (const [tensor, gradient] of [
      [weights, gradients[layer]?.weights],
      [biases, gradients[layer]?.biases],
    ] as const) {
      // The steepest slopes stand out of the rounding of 32-bit numbers.
      const at = steepest(gradient ?? new Float32Array());
      const original = tensor[at] ?? 0;
      const change = 1e-3;
      tensor[at] = original + change;
      const above = loss();
      tensor[at] = original - change;
      const below = loss();
      tensor[at] = original;
      const slope = (above - below) / (2 * change);
      expect((gradient?.[at] ?? 0) / slope).toBeCloseTo(1, 1);
    }
  }
});

function steepest(gradient: Float32Array): number {
  return gradient.reduce(
    (best, slope, at) => (Math.abs(slope) > Math.abs(gradient[best] ?? 0) ? at : best),
    0,
  );
}
