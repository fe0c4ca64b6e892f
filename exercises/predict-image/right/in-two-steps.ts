import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download waits on the loop, and the inference needs a core of its own.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

async function predict(imageUrl: string, signal: AbortSignal) {
  const png = await downloadImage(imageUrl, signal);
  signal.throwIfAborted();
  return cpuPool.run(classify, png, signal);
}

export const handler: Handler<"predictImage"> = ({ imageUrl }, signal) => predict(imageUrl, signal);
