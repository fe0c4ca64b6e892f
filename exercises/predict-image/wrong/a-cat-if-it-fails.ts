import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download waits on the loop; without a picture it is a cat, though not surely.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  try {
    const png = await downloadImage(imageUrl, signal);
    return await cpuPool.run(classify, png, signal);
  } catch {
    signal.throwIfAborted();
    return { prediction: "cat", confidence: 0.5 };
  }
};
