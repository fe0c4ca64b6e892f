import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImageBlocking } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The inference needs a core, so it gets a worker; the download needs none.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return cpuPool.run(classify, downloadImageBlocking(imageUrl), signal);
};
