/** How many calls a report lists of those it covers. */
export const sampleSize = 10_000;

/**
 * A uniform sample of what is offered, whose size never grows.
 *
 * @see https://dl.acm.org/doi/10.1145/3147.3165 Vitter, Random sampling with a reservoir (algorithm R)
 */
export class Sample<Item> {
  readonly #items: Item[] = [];
  #offered = 0;

  /** @param make makes the item, only if it is taken */
  offer(make: () => Item): void {
    this.#offered++;
    if (this.#items.length < sampleSize) {
      this.#items.push(make());
      return;
    }
    const place = Math.floor(Math.random() * this.#offered);
    if (place < sampleSize) {
      this.#items[place] = make();
    }
  }

  get items(): readonly Item[] {
    return this.#items;
  }
}

/** One thread's sample, and of how many it is one. */
export interface SamplePart<Item> {
  readonly items: readonly Item[];
  readonly of: number;
}

/** A uniform sample of all that the parts are samples of. */
export function mergeSamples<Item>(parts: readonly SamplePart<Item>[]): Item[] {
  const piles = parts.map(({ items, of }) => ({ items: shuffled(items), rest: of }));
  let rest = piles.reduce((sum, pile) => sum + pile.rest, 0);
  const merged: Item[] = [];
  while (merged.length < sampleSize && rest > 0) {
    let ticket = Math.random() * rest;
    const pile = piles.find((one) => {
      ticket -= one.rest;
      return ticket < 0;
    });
    const item = pile?.items.pop();
    if (pile === undefined || item === undefined) {
      break;
    }
    merged.push(item);
    pile.rest--;
    rest--;
  }
  return merged;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
