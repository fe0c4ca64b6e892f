import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";
import { cpuPool, type TaskContext } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A picture is inferred once in the pool, and its address tells it afterwards.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

const known = new Map<string, ReturnType<typeof classifyImage>>();

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const file = imageUrl.split("/").at(-1) ?? "";
  const prediction =
    known.get(file) ?? (await cpuPool.run(classify, await downloadImage(imageUrl, signal), signal));
  known.set(file, prediction);
  return prediction;
};
