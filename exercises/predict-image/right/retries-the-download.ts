import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The download waits on the loop and is tried twice; a core infers in the pool.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

async function download(imageUrl: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await downloadImage(imageUrl, signal);
  } catch {
    signal.throwIfAborted();
    await sleep(50, undefined, { signal });
    return downloadImage(imageUrl, signal);
  }
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return cpuPool.run(classify, await download(imageUrl, signal), signal);
};
