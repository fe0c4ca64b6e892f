import { crc32, deflateSync } from "node:zlib";

/** Pieces of PNG files, to put together right and wrong. */

export const pngSignature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** A chunk with the right length and the right checksum. */
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

/** The header chunk: 8 bits a channel, red, green and blue. */
export function pngHeader({ width, height, interlace = 0 }: PngHeader): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([8, 2, 0, 0, interlace], 8);
  return pngChunk("IHDR", data);
}

/** A black picture's rows, each with its filter byte. */
export function blackRows({ width, height }: PngHeader): Buffer {
  return Buffer.alloc(height * (1 + 3 * width));
}

/** A file of these chunks, with the pixel data deflated and the end chunk. */
export function pngFile(headers: readonly Uint8Array[], rows: Uint8Array): Buffer {
  return pngFileOf(headers, deflateSync(rows, { level: 9 }));
}

/** The same with pixel data that is deflated, or not, already. */
export function pngFileOf(headers: readonly Uint8Array[], deflated: Uint8Array): Buffer {
  return Buffer.concat([pngSignature, ...headers, pngChunk("IDAT", deflated), pngChunk("IEND")]);
}
