import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";

export const decision: Decision = {
  strategy: "async",
  why: "Both halves are behind promises, so all of it is asynchronous.",
};

async function classify(png: Uint8Array, signal: AbortSignal) {
  return classifyImage(png, () => signal.aborted);
}

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  return classify(await downloadImage(imageUrl, signal), signal);
};
