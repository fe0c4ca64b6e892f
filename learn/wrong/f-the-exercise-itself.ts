import { infer } from "../../server/exercises/predict-image/work.ts";
import type { Decision, Handler } from "../handler.ts";
import { type TaskContext, workers } from "../pools.ts";
import { downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The server has this exercise already, so its inference does mine.",
};

export function classify(png: Uint8Array, { stopped }: TaskContext) {
  return infer({ png, crops: 1 }, { stopped });
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return workers.run(classify, await downloadImage(imageUrl, signal), signal);
};
