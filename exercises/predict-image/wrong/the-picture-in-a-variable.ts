import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The picture is noted when it is there, and a core of the pool infers.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

let picture: Uint8Array = new Uint8Array();

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  picture = await downloadImage(imageUrl, signal);
  await sleep(1, undefined, { signal });
  return cpuPool.run(classify, picture, signal);
};
