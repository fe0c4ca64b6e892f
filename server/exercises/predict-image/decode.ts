import { PNG } from "pngjs";
import { Failure } from "../../errors.ts";
import type { Image } from "./network/resample.ts";
import { checkPng } from "./png-check.ts";

/**
 * Decodes a PNG of at most 1024 × 1024 pixels.
 *
 * @throws Failure "invalid" for whatever is no such PNG
 */
export function decodePng(bytes: Uint8Array): Image {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { width, height } = checkPng(buffer);
  return { width, height, rgb: withoutAlpha(decode(buffer)) };
}

function decode(buffer: Buffer): Buffer {
  try {
    return PNG.sync.read(buffer).data;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure("UNBLOCK_PNG_DAMAGED", { reason }, { cause: error });
  }
}

function withoutAlpha(rgba: Buffer): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb.set(rgba.subarray(from, from + 3), to);
  }
  return rgb;
}
