import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, threads } from "../pools.ts";
import { classifyImage, downloadImageBlocking } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "One thread does both halves: simple, off the event loop, with more threads than cores.",
};

export function downloadAndClassify(imageUrl: string, { stopped }: TaskContext) {
  return classifyImage(downloadImageBlocking(imageUrl), stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return threads.run(downloadAndClassify, imageUrl, signal);
};
