/** F: pictures, which take 100 ms to download, and a network that distinguishes cats from dogs. */
import { callBlocking } from "@unblock/backends/blocking";
import * as images from "@unblock/backends/images";
import type { Prediction } from "@unblock/exercises/predict-image/network";
import { infer } from "@unblock/exercises/predict-image/work";
import { holdThread } from "../service/blocking-calls.ts";
import { environment } from "../service/environment.ts";

/** Downloads a picture with an asynchronous client. */
export function downloadImage(imageUrl: string, signal?: AbortSignal): Promise<Uint8Array> {
  const request = { imageUrl, hosts: environment().addresses.imageHosts };
  return images.downloadImage(request, signal ?? new AbortController().signal);
}

/** Does the same, and blocks the calling thread. */
export function downloadImageBlocking(imageUrl: string): Uint8Array {
  const request = { imageUrl, hosts: environment().addresses.imageHosts };
  return holdThread("waiting", () => callBlocking("downloadImage", request));
}

/**
 * Predicts whether a picture shows a cat or a dog. Computes in the calling thread, for about 100 ms.
 *
 * @param stopped polled now and then; when it returns true, this throws instead of computing the rest
 */
export function classifyImage(png: Uint8Array, stopped = () => false): Prediction {
  return holdThread("computing", () => infer({ png, crops: environment().crops }, { stopped }));
}
