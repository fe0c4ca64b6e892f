import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Decision, Handler } from "../handler.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The download waits on the loop, and Piscina has a thread for each core to infer.",
};

export function classifyInThread(png: Uint8Array) {
  return classifyImage(png);
}

const threads = availableParallelism();
const pool = isMainThread
  ? new Piscina({ filename: import.meta.url, minThreads: threads, maxThreads: threads })
  : undefined;

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  return pool?.run(png, { name: "classifyInThread", signal });
};
