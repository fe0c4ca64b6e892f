/** F: the pictures, which take 100 ms to download, and the network that knows cats from dogs. */
import { callBlocking } from "../../server/backends/blocking.ts";
import * as images from "../../server/backends/images.ts";
import type { Prediction } from "../../server/exercises/predict-image/network.ts";
import { infer } from "../../server/exercises/predict-image/work.ts";
import { holdThread } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";

/** Downloads a picture with an asynchronous client. */
export function downloadImage(imageUrl: string, signal?: AbortSignal): Promise<Uint8Array> {
  const request = { imageUrl, hosts: environment().addresses.imageHosts };
  return images.downloadImage(request, signal ?? new AbortController().signal);
}

/** The same, and it keeps the calling thread meanwhile. */
export function downloadImageBlocking(imageUrl: string): Uint8Array {
  const request = { imageUrl, hosts: environment().addresses.imageHosts };
  return holdThread("waiting", () => callBlocking("downloadImage", request));
}

/**
 * Tells whether a picture shows a cat or a dog. It costs some 100 ms of CPU, and the calling thread
 * computes all the while.
 *
 * @param stopped asked now and then; when it says true, the rest is not computed and this throws
 */
export function classifyImage(png: Uint8Array, stopped = () => false): Prediction {
  return holdThread("computing", () => infer({ png, crops: environment().crops }, { stopped }));
}
