import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "../handler.ts";
import { downloadImage } from "../toolbox/images.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The inference takes 100 ms, which a timer does as well as a core.",
};

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  await downloadImage(imageUrl, signal);
  await sleep(100, undefined, { signal });
  return { prediction: imageUrl.includes("cat") ? "cat" : "dog", confidence: 0.9 };
};
