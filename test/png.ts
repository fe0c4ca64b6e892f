import { crc32, deflateSync } from "node:zlib";

/** Parts of PNG files, for valid and damaged files. */

export const pngSignature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** A chunk with its length and checksum. */
export function pngChunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, "latin1");
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly interlace?: number;
}

/** The header chunk: red, green and blue, 8 bits per channel. */
export function pngHeader({ width, height, interlace = 0 }: PngHeader): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([8, 2, 0, 0, interlace], 8);
  return pngChunk("IHDR", data);
}

/** Rows of a black picture, each with its filter byte. */
export function blackRows({ width, height }: PngHeader): Buffer {
  return Buffer.alloc(height * (1 + 3 * width));
}

/** A file with these chunks, deflated pixel data and the end chunk. */
export function pngFile(headers: readonly Uint8Array[], rows: Uint8Array): Buffer {
  return pngFileOf(headers, deflateSync(rows, { level: 9 }));
}

/** The same with the pixel data as given. */
export function pngFileOf(headers: readonly Uint8Array[], deflated: Uint8Array): Buffer {
  return Buffer.concat([pngSignature, ...headers, pngChunk("IDAT", deflated), pngChunk("IEND")]);
}
