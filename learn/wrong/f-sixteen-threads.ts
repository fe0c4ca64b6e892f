import { isMainThread } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Decision, Handler } from "../handler.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
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
