import type { SlowCall } from "../report/report.ts";

const others = "(others)";

/** Counts by name with a limit of names; further names are counted together as "(others)". */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #maxNames: number;

  constructor(maxNames: number) {
    this.#maxNames = maxNames;
  }

  add(name: string, times = 1): void {
    const known = this.#counts.get(name);
    if (known !== undefined || this.#counts.size < this.#maxNames) {
      this.#counts.set(name, (known ?? 0) + times);
    } else {
      this.#counts.set(others, (this.#counts.get(others) ?? 0) + times);
    }
  }

  addAll(counts: Readonly<Record<string, number>>): void {
    for (const [name, times] of Object.entries(counts)) {
      this.add(name, times);
    }
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
  readonly #items: Item[] = [];
  #offered = 0;

  /** @param make creates the item; called only if the item is taken */
  offer(make: () => Item): void {
    this.#offered++;
    if (this.#items.length < sampleSize) {
      this.#items.push(make());
      return;
    }
    const index = Math.floor(Math.random() * this.#offered);
    if (index < sampleSize) {
      this.#items[index] = make();
    }
  }

  get items(): readonly Item[] {
    return this.#items;
  }
}

/** A sample and the number of items it was taken from. */
export interface SamplePart<Item> {
  readonly items: readonly Item[];
  readonly of: number;
}

/** A uniform sample of everything that the parts were taken from. */
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

const slowestSize = 20;

/** The 20 slowest calls, slowest first. */
export class Slowest {
  #calls: SlowCall[] = [];

  /** @param make describes the call; called only if it is one of the slowest so far */
  offer(latencyMs: number, make: () => SlowCall): void {
    const last = this.#calls[slowestSize - 1];
    if (last === undefined || latencyMs > last.latency_ms) {
      this.#calls = slowestOf([...this.#calls, make()]);
    }
  }

  get calls(): readonly SlowCall[] {
    return this.#calls;
  }
}

export function slowestOf(calls: readonly SlowCall[]): SlowCall[] {
  return [...calls].sort((a, b) => b.latency_ms - a.latency_ms).slice(0, slowestSize);
}
