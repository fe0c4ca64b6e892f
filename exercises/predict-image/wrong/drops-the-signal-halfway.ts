import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download ends with its caller; the inference is short, so it may go on.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  return cpuPool.run(classify, png);
};
