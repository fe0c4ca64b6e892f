import { availableParallelism } from "node:os";
import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "Downloads wait on the loop; each core infers, and no more pictures than cores go there.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

let free = availableParallelism();
const waiting: (() => void)[] = [];

async function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
  if (free === 0) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    free--;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) {
      next();
    } else {
      free++;
    }
  }
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  return inTurn(async () => {
    signal.throwIfAborted();
    return workers.run(classify, png, signal);
  });
};
