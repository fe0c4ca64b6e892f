import type { SlowCall } from "../report/report.ts";

const maxNames = 100;
const others = "(others)";

/** Counts by name; names beyond the first hundred are counted together as "(others)". */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, times = 1): void {
    const isKnown = this.#counts.has(name) || this.#counts.size < maxNames;
    const key = isKnown ? name : others;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + times);
  }

  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** Number of calls that a report lists. */
export const sampleSize = 10_000;

/**
 * A uniform sample of at most `sampleSize` items.
 *
 * @see https://dl.acm.org/doi/10.1145/3147.3165 Vitter, Random sampling with a reservoir (algorithm R)
 */
export class Sample<Item> {
  readonly items: Item[] = [];
  #offered = 0;

  /** @param make creates the item; called only if the item is taken */
  offer(make: () => Item): void {
    this.#offered++;
    const index =
      this.items.length < sampleSize
        ? this.items.length
        : Math.floor(Math.random() * this.#offered);
    if (index < sampleSize) {
      this.items[index] = make();
    }
  }
}

export interface SamplePart<Item> {
  readonly items: readonly Item[];
  readonly of: number;
}

/**
 * A uniform sample of everything that the parts were taken from: the items with the lowest keys, if each
 * item has a random one.
 */
export function mergeSamples<Item>(parts: readonly SamplePart<Item>[]): Item[] {
  const keyed = parts.flatMap(({ items, of }) => {
    let key = 0;
    return shuffled(items).map((item, at) => {
      // The lowest key of the part's remaining items.
      key += (1 - key) * (1 - Math.random() ** (1 / (of - at)));
      return { item, key };
    });
  });
  return lowest(keyed).slice(0, sampleSize);
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return lowest(items.map((item) => ({ item, key: Math.random() })));
}

function lowest<Item>(keyed: readonly { readonly item: Item; readonly key: number }[]): Item[] {
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

const slowestSize = 20;

export class Slowest {
  calls: readonly SlowCall[] = [];

  /** @param make describes the call; called only if it is one of the slowest so far */
  offer(latencyMs: number, make: () => SlowCall): void {
    const last = this.calls[slowestSize - 1];
    if (last === undefined || latencyMs > last.latency_ms) {
      this.calls = slowestOf([...this.calls, make()]);
    }
  }
}

export function slowestOf(calls: readonly SlowCall[]): SlowCall[] {
  return calls.toSorted((a, b) => b.latency_ms - a.latency_ms).slice(0, slowestSize);
}
