import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The download waits on the loop, and the inference needs a core of its own.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

async function predict(imageUrl: string, signal: AbortSignal) {
  const png = await downloadImage(imageUrl, signal);
  signal.throwIfAborted();
  return workers.run(classify, png, signal);
}

export const handler: Handler<"predictImage"> = ({ imageUrl }, signal) => predict(imageUrl, signal);
