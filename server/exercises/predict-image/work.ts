import { callBlocking } from "../../backends/blocking.ts";
import { downloadImage, type ImageRequest } from "../../backends/images.ts";
import type { LocalContext, TaskContext } from "../../places/place.ts";
import { calibrate } from "../calibrate.ts";
import { classify, type Prediction } from "./network.ts";
import { decodePng } from "./png.ts";

export interface InferenceInput {
  readonly png: Uint8Array;
  /** How many crops of the picture are classified and averaged: what the inference costs. */
  readonly crops: number;
}

/** The download: waits without a thread. */
export async function download(
  request: ImageRequest,
  { signal }: LocalContext,
): Promise<Uint8Array> {
  return downloadImage(request, signal);
}

/** The inference: computes on the thread that runs it. */
export function infer({ png, crops }: InferenceInput, { stopped }: TaskContext): Prediction {
  return classify(decodePng(png), crops, stopped);
}

/** Download and inference, both on the thread that runs it. */
export function downloadAndInfer(
  { crops, ...request }: ImageRequest & { readonly crops: number },
  context: TaskContext,
): Prediction {
  return infer({ png: callBlocking("downloadImage", request), crops }, context);
}

/** How many crops cost about 100 ms of CPU in this thread. */
export function calibrateCrops(): number {
  const image = { width: 80, height: 80, rgb: new Uint8Array(80 * 80 * 3) };
  return Math.max(1, Math.round(calibrate(() => classify(image, 1))));
}
