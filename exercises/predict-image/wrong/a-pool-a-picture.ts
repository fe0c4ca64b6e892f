import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { Piscina } from "piscina";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download waits on the loop, and each inference has a pool of its own.",
};

export function classifyInThread(png: Uint8Array) {
  return classifyImage(png);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  const pool = new Piscina({ filename: import.meta.url, maxThreads: 1 });
  try {
    return await pool.run(png, { name: "classifyInThread", signal });
  } finally {
    await pool.destroy();
  }
};
