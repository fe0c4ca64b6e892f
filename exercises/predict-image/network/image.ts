import { cropSize, imageSize } from "./architecture.ts";

/** An image of 3 bytes (red, green, blue) per pixel, row by row. */
export interface Image {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/**
 * Resamples an image to a square of `size` pixels: each new pixel is the average of the old ones
 * around it, weighted by a triangle. Enlarging, this is bilinear interpolation; shrinking, the
 * triangle grows with the step, so that no old pixel is skipped.
 */
export function resample({ width, height, rgb }: Image, size: number): Uint8Array {
  if (width === size && height === size) return rgb;
  const columns = Array.from({ length: size }, (_, index) =>
    tapsAround(index, width / size, width),
  );
  const rows = Array.from({ length: size }, (_, index) => tapsAround(index, height / size, height));
  const resampled = new Uint8Array(size * size * 3);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (const down of row) {
          for (const across of column) {
            const value = rgb[(down.at * width + across.at) * 3 + channel] ?? 0;
            sum += down.weight * across.weight * value;
          }
        }
        resampled[(y * size + x) * 3 + channel] = Math.round(sum);
      }
    }
  }
  return resampled;
}

interface Tap {
  at: number;
  weight: number;
}

/** Old pixels, along one axis, that make up the new pixel `index`. The weights add up to 1. */
function tapsAround(index: number, step: number, length: number): Tap[] {
  const middle = (index + 0.5) * step;
  const reach = Math.max(1, step);
  const taps: Tap[] = [];
  for (let at = Math.floor(middle - reach); at < middle + reach; at++) {
    const weight = 1 - Math.abs(at + 0.5 - middle) / reach;
    if (at >= 0 && at < length && weight > 0) taps.push({ at, weight });
  }
  const total = taps.reduce((sum, { weight }) => sum + weight, 0);
  return taps.map(({ at, weight }) => ({ at, weight: weight / total }));
}

/** A square of `cropSize` pixels out of an image of `imageSize`. */
interface Crop {
  left: number;
  top: number;
  flipped: boolean;
}

const positions = imageSize - cropSize + 1;

/** Number of different crops of one image: 578. */
export const cropCount = positions ** 2 * 2;

/** The unflipped crop in the middle of the image. */
const centre = cropCount / 2 - 1;

// About cropCount divided by the golden ratio, so that a few crops are already spread evenly. It
// shares no divisor with cropCount, so that no crop repeats before all have come; and it is odd, so
// that mirrored crops alternate.
const stride = 355;

/**
 * Crops in a fixed order, starting with the centre.
 *
 * @param index from 0; from `cropCount` on they repeat
 */
export function cropAt(index: number): Crop {
  const number = (centre + index * stride) % cropCount;
  const position = Math.floor(number / 2);
  return {
    left: position % positions,
    top: Math.floor(position / positions),
    flipped: number % 2 === 1,
  };
}

/** Writes a crop of `rgb` (`imageSize`² pixels) into three planes, as numbers from -1 to 1. */
export function takeCrop(rgb: Uint8Array, crop: Crop, planes: Float32Array): void {
  const first = crop.flipped ? crop.left + cropSize - 1 : crop.left;
  const step = crop.flipped ? -3 : 3;
  let to = 0;
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < cropSize; row++) {
      let from = ((crop.top + row) * imageSize + first) * 3 + channel;
      for (let column = 0; column < cropSize; column++) {
        planes[to] = (rgb[from] as number) / 127.5 - 1;
        to += 1;
        from += step;
      }
    }
  }
}
