import type { SlowCall } from "../report/report.ts";

/** What is counted together once there are too many different names. */
const others = "(others)";

/** Counts by name, with a bound on how many names there can be. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #mostNames: number;

  constructor(mostNames: number) {
    this.#mostNames = mostNames;
  }

  add(name: string, times = 1): void {
    const known = this.#counts.get(name);
    if (known !== undefined) {
      this.#counts.set(name, known + times);
    } else if (this.#counts.size < this.#mostNames) {
      this.#counts.set(name, times);
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

/** How many of the slowest calls are kept whole. */
const slowestSize = 20;

/** The slowest calls, slowest first. */
export class Slowest {
  #calls: SlowCall[] = [];

  /** @param make describes the call, only if it is one of the slowest so far */
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
