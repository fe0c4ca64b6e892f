import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImageBlocking } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "A worker does both halves, so the event loop is free of them.",
};

export function downloadAndClassify(imageUrl: string, { stopped }: TaskContext) {
  return classifyImage(downloadImageBlocking(imageUrl), stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return workers.run(downloadAndClassify, imageUrl, signal);
};
