import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The picture is downloaded twice and compared; a core of the pool infers.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const [png, again] = await Promise.all([
    downloadImage(imageUrl, signal),
    downloadImage(imageUrl, signal),
  ]);
  return workers.run(classify, png.length === again.length ? png : again, signal);
};
