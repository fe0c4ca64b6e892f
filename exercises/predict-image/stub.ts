// F. A picture is downloaded (100 ms of waiting), then a network tells a cat from a dog (100 ms of
// CPU). Five callers ask at once. The downloads should overlap, the inferences should use all cores,
// and neither half should go on for a caller who has disconnected.
//
// At hand: downloadImage, downloadImageBlocking and classifyImage of toolbox/images; blockingPool
// and cpuPool of toolbox/pools.
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- F
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { classifyImage, downloadImage } from "@unblock/learn/toolbox/images";

/** One of: async, blocking-pool, cpu-pool, event-loop. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"predictImage"> = async ({ imageUrl }, signal) => {
  const png = await downloadImage(imageUrl);
  return classifyImage(png);
};
