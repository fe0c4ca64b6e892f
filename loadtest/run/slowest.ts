import type { SlowCall } from "../report/report.ts";

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
