import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "cpu-pool",
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
