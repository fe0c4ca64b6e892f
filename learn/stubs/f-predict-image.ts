// F. A picture is downloaded (100 ms of waiting), then a network tells a cat from a dog (100 ms of
// CPU). Five callers ask at once. The downloads shall overlap, the inferences shall use all cores,
// nobody else shall notice, and neither half shall go on for a caller who has gone.
//
// At hand: downloadImage, downloadImageBlocking and classifyImage of ../toolbox/images.ts; threads
// and workers of ../pools.ts.
// Check it: npm run check -- F
import type { Decision, Handler } from "../handler.ts";
import { classifyImage, downloadImage } from "../toolbox/images.ts";

/** One of: async, event-loop, threads, workers. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"predictImage"> = async ({ imageUrl }) => {
  const png = await downloadImage(imageUrl);
  return classifyImage(png);
};
