import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The download waits on the loop, until it works; a core infers in the pool.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

async function download(imageUrl: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await downloadImage(imageUrl, signal);
  } catch {
    signal.throwIfAborted();
    return download(imageUrl, signal);
  }
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return workers.run(classify, await download(imageUrl, signal), signal);
};
