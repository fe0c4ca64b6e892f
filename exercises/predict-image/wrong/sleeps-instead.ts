import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { downloadImage } from "@unblock/learn/toolbox/images";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The inference takes 100 ms, which a timer does as well as a core.",
};

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  await downloadImage(imageUrl, signal);
  await sleep(100, undefined, { signal });
  return { prediction: imageUrl.includes("cat") ? "cat" : "dog", confidence: 0.9 };
};
