import { PNG } from "pngjs";
import type { Picture } from "./draw-picture.ts";

const colourWithoutAlpha = 2;

/** The picture as the bytes of a PNG file, 8 bits a channel, without alpha. */
export function encodePng({ width, height, rgb }: Picture): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgb.buffer, rgb.byteOffset, rgb.byteLength);
  return PNG.sync.write(png, {
    colorType: colourWithoutAlpha,
    inputColorType: colourWithoutAlpha,
    // Noise barely compresses: one filter and a quick deflate cost a few bytes and save most time.
    filterType: 1,
    deflateLevel: 1,
  });
}
