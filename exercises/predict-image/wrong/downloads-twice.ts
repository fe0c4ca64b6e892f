import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The picture is downloaded twice and compared; a core of the pool infers.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const [png, again] = await Promise.all([
    downloadImage(imageUrl, signal),
    downloadImage(imageUrl, signal),
  ]);
  return cpuPool.run(classify, png.length === again.length ? png : again, signal);
};
