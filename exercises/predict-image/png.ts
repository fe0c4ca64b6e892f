import { inflateSync } from "node:zlib";
import { Failure, reasonOf } from "@unblock/errors/failure";
import { PNG } from "pngjs";
import type { Image } from "./network/image.ts";

/**
 * Decodes a PNG of at most 1024 × 1024 pixels.
 *
 * @throws Failure "invalid" for anything else
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
    throw new Failure("UNBLOCK_PNG_DAMAGED", { reason: reasonOf(error) }, { cause: error });
  }
}

function withoutAlpha(rgba: Buffer): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb.set(rgba.subarray(from, from + 3), to);
  }
  return rgb;
}

/** Max width and height; larger pictures are rejected before inflating. */
const maxSide = 1024;

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A chunk has its length and type before its data, and a checksum after it. */
const lengthBytes = 4;
const typeBytes = 4;
const checksumBytes = 4;
const headerDataBytes = 13;

/** Samples per pixel, by colour type: grey, RGB, palette, grey and alpha, RGB and alpha. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/**
 * Checks before decoding that a PNG is small and complete: one header, at the start, and pixels
 * that inflate to exactly the header's size. The decoder uses the last header and inflates
 * interlaced pictures without bound, so that a few kilobytes could become gigabytes.
 *
 * @throws Failure "invalid"
 * @see https://www.w3.org/TR/png-3/#11IHDR
 */
function checkPng(buffer: Buffer): { width: number; height: number } {
  if (!buffer.subarray(0, signature.length).equals(signature)) {
    throw new Failure("UNBLOCK_IMAGE_NO_PNG", {});
  }
  const [header, ...chunks] = readChunks(buffer);
  if (header?.type !== "IHDR" || header.data.length !== headerDataBytes) {
    throw damaged("its header is missing");
  }
  if (chunks.some(({ type }) => type === "IHDR")) {
    throw damaged("it has two headers");
  }
  const width = header.data.readUInt32BE(0);
  const height = header.data.readUInt32BE(4);
  const interlaced = header.data[12] !== 0;
  if (width < 1 || height < 1 || width > maxSide || height > maxSide || interlaced) {
    const got = `${width} × ${height}${interlaced ? ", interlaced" : ""}`;
    throw new Failure("UNBLOCK_PNG_UNSUPPORTED", { max_side: maxSide, got });
  }
  const pixels = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  assertInflatesTo(pixelBytes(header.data, width, height), Buffer.concat(pixels));
  return { width, height };
}

function readChunks(buffer: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  let offset = signature.length;
  while (offset + lengthBytes + typeBytes <= buffer.length) {
    const length = buffer.readUInt32BE(offset);
    const start = offset + lengthBytes + typeBytes;
    const type = buffer.toString("latin1", offset + lengthBytes, start);
    if (start + length + checksumBytes > buffer.length) {
      throw damaged("it ends in the middle");
    }
    chunks.push({ type, data: buffer.subarray(start, start + length) });
    offset = start + length + checksumBytes;
    if (type === "IEND") {
      return chunks;
    }
  }
  throw damaged("it ends in the middle");
}

/** Each row starts with a byte for its filter. */
function pixelBytes(header: Buffer, width: number, height: number): number {
  const channels = channelsOf[header[9] ?? -1];
  if (channels === undefined) {
    throw damaged(`it has the unknown colour type ${header[9]}`);
  }
  const bitsPerPixel = (header[8] ?? 0) * channels;
  return (Math.ceil((width * bitsPerPixel) / 8) + 1) * height;
}

function assertInflatesTo(expectedBytes: number, deflated: Buffer): void {
  let inflatedBytes: number;
  try {
    inflatedBytes = inflateSync(deflated, { maxOutputLength: expectedBytes }).length;
  } catch {
    throw damaged("its pixels do not inflate to the size that its header says");
  }
  if (inflatedBytes !== expectedBytes) {
    throw damaged("it has fewer pixels than its header says");
  }
}

function damaged(reason: string): Failure {
  return new Failure("UNBLOCK_PNG_DAMAGED", { reason });
}
