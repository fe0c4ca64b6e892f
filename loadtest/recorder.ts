import { createHistogram } from "node:perf_hooks";

/** Latencies are kept in microseconds, to three significant digits. */
const perMs = 1_000;
/** An hour. */
const highestMs = 3_600_000;

export interface LatencySummary {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Counts calls by code, and keeps their latencies in an HDR histogram: its size never grows. */
export class Recorder {
  readonly #latencies = createHistogram({ lowest: 1, highest: highestMs * perMs, figures: 3 });
  readonly #codes = new Map<string, number>();

  record(latencyMs: number, code: string): void {
    this.#latencies.record(Math.max(1, Math.round(latencyMs * perMs)));
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
  }

  /** How many calls ended with each code; "ok" is success. */
  get codes(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#codes);
  }

  get calls(): number {
    return this.#latencies.count;
  }

  get errors(): number {
    return this.calls - (this.#codes.get("ok") ?? 0);
  }

  /** The latency that this percentage of the calls did not exceed, in milliseconds; 0 without calls. */
  percentile(percentage: number): number {
    return this.calls === 0 ? 0 : this.#latencies.percentile(percentage) / perMs;
  }

  /** All in milliseconds. */
  summary(): LatencySummary {
    const any = this.calls > 0;
    return {
      min: any ? this.#latencies.min / perMs : 0,
      mean: any ? this.#latencies.mean / perMs : 0,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p99: this.percentile(99),
      max: any ? this.#latencies.max / perMs : 0,
    };
  }
}
