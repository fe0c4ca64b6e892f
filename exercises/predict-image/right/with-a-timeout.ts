import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download waits on the loop for ten seconds at most; a core infers in the pool.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const either = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  const png = await downloadImage(imageUrl, either);
  return cpuPool.run(classify, png, signal);
};
