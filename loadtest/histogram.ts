import {
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  Int32Histogram,
  JsHistogram,
} from "hdr-histogram-js";

/** Values are kept in microseconds, to three significant digits, up to an hour. */
const perMs = 1_000;
const highestUs = 3_600_000_000;
const significantDigits = 3;

/** How many values there are of one time. */
export interface Bucket {
  readonly ms: number;
  readonly count: number;
}

/**
 * How often each time occurred. Its size never grows, and merging loses nothing: the histogram of all
 * calls is the sum of those of any parts.
 *
 * @see https://hdrhistogram.github.io/HdrHistogram/
 */
export class LatencyHistogram {
  readonly #counts = new Int32Histogram(1, highestUs, significantDigits);

  /**
   * @param encoded what `encode` gave
   * @throws Error when it is something else
   */
  static decode(encoded: string): LatencyHistogram {
    const counts = decodeFromCompressedBase64(encoded);
    if (!(counts instanceof JsHistogram)) {
      throw new Error("Expected a histogram of the JavaScript kind");
    }
    const decoded = new LatencyHistogram();
    decoded.#counts.add(counts);
    return decoded;
  }

  static merge(parts: Iterable<LatencyHistogram>): LatencyHistogram {
    const merged = new LatencyHistogram();
    for (const part of parts) {
      merged.add(part);
    }
    return merged;
  }

  record(ms: number, times = 1): void {
    const us = Math.min(highestUs, Math.max(1, Math.round(ms * perMs)));
    this.#counts.recordValueWithCount(us, times);
  }

  add(other: LatencyHistogram): void {
    this.#counts.add(other.#counts);
  }

  /** @param buckets what `buckets` gave */
  addBuckets(buckets: Iterable<Bucket>): void {
    for (const { ms, count } of buckets) {
      this.record(ms, count);
    }
  }

  reset(): void {
    this.#counts.reset();
  }

  /** HDR histogram format V2, compressed, as Base64. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#counts);
  }

  get count(): number {
    return this.#counts.totalCount;
  }

  /**
   * In milliseconds, like all that follow; 0 without values. Of the ends, too, three digits are kept:
   * the encoded form has no more.
   */
  get min(): number {
    return this.percentile(0);
  }

  get max(): number {
    return this.percentile(100);
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#counts.mean / perMs;
  }

  /** How many values there are of each time, in ascending order. */
  *buckets(): Generator<Bucket> {
    const values = this.#counts.recordedValuesIterator;
    values.resetIterator(this.#counts);
    values.reset();
    while (values.hasNext()) {
      const { valueIteratedTo, countAddedInThisIterationStep } = values.next();
      yield { ms: valueIteratedTo / perMs, count: countAddedInThisIterationStep };
    }
  }

  /** The time that this percentage (0 to 100) of the values did not exceed. */
  percentile(percentage: number): number {
    return this.count === 0 ? 0 : this.#counts.getValueAtPercentile(percentage) / perMs;
  }
}
