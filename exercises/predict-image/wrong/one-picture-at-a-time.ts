import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A picture is downloaded and inferred in the pool, then comes the next.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

let last: Promise<unknown> = Promise.resolve();

export const handler: Handler<"predictImage"> = ({ imageUrl }, signal) => {
  const mine = last.then(async () => {
    const png = await downloadImage(imageUrl, signal);
    return cpuPool.run(classify, png, signal);
  });
  last = mine.catch(() => {});
  return mine;
};
