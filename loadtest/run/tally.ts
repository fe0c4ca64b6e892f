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
