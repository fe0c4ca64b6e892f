/** An image of 3 bytes (red, green, blue) a pixel, row after row. */
export interface Image {
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  rgb: Uint8Array;
}

/**
 * Stretches or shrinks an image to a square of `size` pixels: each new pixel is an average of the
 * old ones around its place, weighted by a triangle. Enlarging, that is bilinear interpolation;
 * shrinking, the triangle grows with the step, so that no old pixel is skipped.
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

/** Which old pixels, along one axis, make up the new pixel `index`. The weights add up to 1. */
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
