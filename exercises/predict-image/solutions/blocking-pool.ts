import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImageBlocking } from "@unblock/learn/toolbox/images";
import { blockingPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "One thread does both halves: simple, off the event loop, with more threads than cores.",
};

export function downloadAndClassify(imageUrl: string, { stopped }: TaskContext) {
  return classifyImage(downloadImageBlocking(imageUrl), stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return blockingPool.run(downloadAndClassify, imageUrl, signal);
};
