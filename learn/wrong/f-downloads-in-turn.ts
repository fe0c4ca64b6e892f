import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The inference needs a core, and one download after another keeps the network free.",
};

let last: Promise<unknown> = Promise.resolve();

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const download = last.then(() => downloadImage(imageUrl, signal));
  last = download.catch(() => {});
  return workers.run(classify, await download, signal);
};
