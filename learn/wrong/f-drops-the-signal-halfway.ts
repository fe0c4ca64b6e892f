import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The download ends with its caller; the inference is short, so it may go on.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  return workers.run(classify, png);
};
