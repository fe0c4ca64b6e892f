import { cropSize, imageSize } from "./architecture.ts";

/** A square of `cropSize` pixels out of an image of `imageSize`. */
interface Crop {
  /** Pixels from the image's left edge. */
  left: number;
  /** Pixels from the image's top edge. */
  top: number;
  /** Whether left and right change places. */
  flipped: boolean;
}

const positions = imageSize - cropSize + 1;

/** How many different crops one image has: 578. */
export const cropCount = positions ** 2 * 2;

/** The unflipped crop in the middle of the image. */
const centre = cropCount / 2 - 1;

// About cropCount divided by the golden ratio, so that few crops already spread evenly. It shares
// no divisor with cropCount, so every crop comes once before the first returns; and it is odd, so
// flipped and unflipped take turns.
const stride = 355;

/**
 * The crops in a fixed order, beginning with the centre.
 *
 * @param index 0 and up; `cropCount` and up repeat from the beginning
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
