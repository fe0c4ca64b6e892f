import { callBlocking } from "@unblock/backends/blocking";
import { downloadImage, type ImageRequest } from "@unblock/backends/images";
import type { LocalContext, TaskContext } from "@unblock/executors/executor";
import { calibrate } from "../calibrate.ts";
import { classify, type Prediction } from "./network.ts";
import { decodePng } from "./png.ts";

export interface InferenceInput {
  readonly png: Uint8Array;
  /** Number of crops that are classified and averaged, which determines the cost. */
  readonly crops: number;
}

/** Downloads without a thread. */
export async function download(
  request: ImageRequest,
  { signal }: LocalContext,
): Promise<Uint8Array> {
  return downloadImage(request, signal);
}

/** Computes on its thread. */
export function infer({ png, crops }: InferenceInput, { stopped }: TaskContext): Prediction {
  return classify(decodePng(png), crops, stopped);
}

/** Downloads and computes on its thread. */
export function downloadAndInfer(
  { crops, ...request }: ImageRequest & { readonly crops: number },
  context: TaskContext,
): Prediction {
  return infer({ png: callBlocking("downloadImage", request), crops }, context);
}

/** Number of crops that cost about 100 ms of CPU on this thread. */
export function calibrateCrops(): number {
  const image = { width: 80, height: 80, rgb: new Uint8Array(80 * 80 * 3) };
  return Math.max(1, Math.round(calibrate(() => classify(image, 1))));
}
