import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "A picture is downloaded and inferred in the pool, then comes the next.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

let last: Promise<unknown> = Promise.resolve();

export const handler: Handler<"predictImage"> = ({ imageUrl }, signal) => {
  const mine = last.then(async () => {
    const png = await downloadImage(imageUrl, signal);
    return workers.run(classify, png, signal);
  });
  last = mine.catch(() => {});
  return mine;
};
