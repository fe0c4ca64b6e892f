import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "Downloads wait on the loop, and there is one inference in the pool.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

let pictures = 0;

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  if (pictures > 1) {
    throw new Error("Too many pictures");
  }
  pictures++;
  try {
    return await workers.run(classify, await downloadImage(imageUrl, signal), signal);
  } finally {
    pictures--;
  }
};
