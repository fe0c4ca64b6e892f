/** Returns the next number of a fixed sequence, from 0 up to, but not including, 1. */
export type Random = () => number;

/**
 * A random-number generator (splitmix32) that gives the same sequence for the same seed.
 *
 * @param seed a whole number; only its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

/** One of `choices`, each as likely as the next. */
export function pick<Choice>(random: Random, choices: readonly [Choice, ...Choice[]]): Choice {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

// Disjoint ranges of seeds for `drawPicture`, so that the network is tested on, and asked about,
// pictures it has never seen. `end` is not in the range.

export const trainingSeeds = { first: 1_000_000, end: 2_000_000 } as const;

export const testSeeds = { first: 2_000_000, end: 3_000_000 } as const;

export const servedSeeds = { first: 3_000_000, end: 2 ** 31 } as const;
