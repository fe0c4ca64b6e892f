import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
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
    return await cpuPool.run(classify, await downloadImage(imageUrl, signal), signal);
  } finally {
    pictures--;
  }
};
