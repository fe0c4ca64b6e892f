import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The inference needs a core, and one download after another keeps the network free.",
};

let last: Promise<unknown> = Promise.resolve();

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const download = last.then(() => downloadImage(imageUrl, signal));
  last = download.catch(() => {});
  return cpuPool.run(classify, await download, signal);
};
