import { isMainThread } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download waits on the loop, and sixteen threads infer as many pictures at once.",
};

export function classifyInThread(png: Uint8Array) {
  return classifyImage(png);
}

const pool = isMainThread
  ? new Piscina({ filename: import.meta.url, minThreads: 16, maxThreads: 16 })
  : undefined;

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  return pool?.run(png, { name: "classifyInThread", signal });
};
