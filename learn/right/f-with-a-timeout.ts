import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The download waits on the loop for ten seconds at most; a core infers in the pool.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const either = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  const png = await downloadImage(imageUrl, either);
  return workers.run(classify, png, signal);
};
