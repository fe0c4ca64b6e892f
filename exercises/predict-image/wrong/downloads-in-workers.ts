import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImageBlocking } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A worker does both halves, so the event loop is free of them.",
};

export function downloadAndClassify(imageUrl: string, { stopped }: TaskContext) {
  return classifyImage(downloadImageBlocking(imageUrl), stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return cpuPool.run(downloadAndClassify, imageUrl, signal);
};
