import { hash } from "node:crypto";

/** A number for each text, for `createRandom`. */
export function seedOf(text: string): number {
  return hash("sha256", text, "buffer").readUInt32BE();
}

/**
 * Numbers from 0 up to 1 that are the same for the same seed, in every thread.
 *
 * @see https://www.jstatsoft.org/article/view/v008i14 Marsaglia, Xorshift RNGs (xorshift32)
 */
export function createRandom(seed: number): () => number {
  // The state must never be 0, and near seeds shall not give near numbers.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
