import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImageBlocking } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The inference needs a core, so it gets a worker; the download needs none.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return workers.run(classify, downloadImageBlocking(imageUrl), signal);
};
