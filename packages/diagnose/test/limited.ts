/** Computes without a pause, in many short turns of the loop or in a long one. */
import { serve } from "./serve.ts";

function compute(): number {
  let sum = 0;
  for (let step = 0; step < 2_000_000; step++) {
    sum += Math.sqrt(step);
  }
  return sum;
}

await serve({
  "/long": () => {
    for (let part = 0; part < 200; part++) {
      compute();
    }
    return "computed";
  },
  "/compute": async () => {
    for (let turn = 0; turn < 100; turn++) {
      compute();
      await new Promise(setImmediate);
    }
    return "computed";
  },
});
