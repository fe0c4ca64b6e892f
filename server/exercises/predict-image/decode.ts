import { PNG } from "pngjs";
import { Failure } from "../../errors.ts";
import type { Image } from "./network/resample.ts";

/** Larger pictures are refused before a byte of them is inflated. */
const maxSide = 1024;

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, then the header chunk's length, type and 13 bytes. */
const headerBytes = 8 + 4 + 4 + 13;

/**
 * Decodes a PNG of at most 1024 × 1024 pixels.
 *
 * The sizes in the header bound what is inflated, so a few kilobytes can't become gigabytes; that
 * holds for rows in order only, so interlaced pictures are refused.
 *
 * @throws Failure "invalid" for whatever is no such PNG
 * @see https://www.w3.org/TR/png-3/#11IHDR
 */
export function decodePng(bytes: Uint8Array): Image {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < headerBytes || !buffer.subarray(0, 8).equals(signature)) {
    throw new Failure("invalid", "Expected image_url to give a PNG, got something else.");
  }
  const width = buffer.readUInt32BE(16);
  const height = buffer.readUInt32BE(20);
  const interlaced = buffer[28] !== 0;
  if (width < 1 || height < 1 || width > maxSide || height > maxSide || interlaced) {
    throw new Failure(
      "invalid",
      `Expected a PNG of at most ${maxSide} × ${maxSide} pixels, not interlaced, ` +
        `got ${width} × ${height}${interlaced ? ", interlaced" : ""}.`,
    );
  }
  const rgba = inflate(buffer);
  if (rgba.length !== width * height * 4) {
    throw new Failure("invalid", "The PNG ends in the middle; download it anew where it is from.");
  }
  return { width, height, rgb: withoutAlpha(rgba) };
}

function inflate(buffer: Buffer): Buffer {
  try {
    return PNG.sync.read(buffer).data;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure("invalid", `The PNG is damaged (${reason}).`, { cause: error });
  }
}

function withoutAlpha(rgba: Buffer): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb.set(rgba.subarray(from, from + 3), to);
  }
  return rgb;
}
