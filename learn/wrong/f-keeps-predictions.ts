import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "A picture is inferred once in the pool, and its address tells it afterwards.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return classifyImage(png, stopped);
}

const known = new Map<string, ReturnType<typeof classifyImage>>();

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const file = imageUrl.split("/").at(-1) ?? "";
  const prediction =
    known.get(file) ?? (await workers.run(classify, await downloadImage(imageUrl, signal), signal));
  known.set(file, prediction);
  return prediction;
};
