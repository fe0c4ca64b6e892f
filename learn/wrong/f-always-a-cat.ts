import type { Decision, Handler } from "../handler.ts";
import { downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The picture waits on the loop, and most pictures show cats.",
};

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl, signal);
  return { prediction: png.length > 0 ? "cat" : "dog", confidence: 0.95 };
};
