import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The picture is noted when it is there, and a core of the pool infers.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

let picture: Uint8Array = new Uint8Array();

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  picture = await downloadImage(imageUrl, signal);
  await sleep(1, undefined, { signal });
  return workers.run(classify, picture, signal);
};
