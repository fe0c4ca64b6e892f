import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";
import { infer } from "../work.ts";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The server has this exercise already, so its inference does mine.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return infer({ png, crops: 1 }, { stopped });
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return cpuPool.run(classify, await downloadImage(imageUrl, signal), signal);
};
