import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The download waits on the event loop, and the inference gets a core.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  // The download is the half that takes long, so it is the one that can be given up.
  return workers.run(classify, await downloadImage(imageUrl, signal));
};
