/** A source of random whole numbers that is the same for the same seed, so that a variant can be shown again. */
export type Random = (from: number, to: number) => number;

/** Mulberry32: enough to vary figures, for nothing secret. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (from, to) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return from + Math.floor(fraction * (to - from + 1));
  };
}

/** The same items in another order. */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, order: random(0, 1_000_000) }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
