import {
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  Int32Histogram,
  JsHistogram,
} from "hdr-histogram-js";

/** Values are stored in microseconds, with three significant digits, up to one hour. */
const perMs = 1_000;
const maxUs = 3_600_000_000;
const significantDigits = 3;

export interface Bucket {
  readonly ms: number;
  readonly count: number;
}

/**
 * Histogram of times, of constant size. Merging is lossless: the sum of the histograms of all parts is
 * the histogram of the whole.
 *
 * @see https://hdrhistogram.github.io/HdrHistogram/
 */
export class LatencyHistogram {
  readonly #counts = new Int32Histogram(1, maxUs, significantDigits);

  /**
   * @param encoded result of `encode`
   * @throws Error when the text is not valid
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

  /** @param parts histograms, or results of `encode` */
  static merge(parts: Iterable<LatencyHistogram | string>): LatencyHistogram {
    const merged = new LatencyHistogram();
    for (const part of parts) {
      merged.add(typeof part === "string" ? LatencyHistogram.decode(part) : part);
    }
    return merged;
  }

  static of(buckets: Iterable<Bucket>): LatencyHistogram {
    const histogram = new LatencyHistogram();
    for (const { ms, count } of buckets) {
      histogram.record(ms, count);
    }
    return histogram;
  }

  record(ms: number, times = 1): void {
    const us = Math.min(maxUs, Math.max(1, Math.round(ms * perMs)));
    this.#counts.recordValueWithCount(us, times);
  }

  add(other: LatencyHistogram): void {
    this.#counts.add(other.#counts);
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

  /** Minimum in milliseconds, with three digits; like the following values, 0 if empty. */
  get min(): number {
    return this.percentile(0);
  }

  get max(): number {
    return this.percentile(100);
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#counts.mean / perMs;
  }

  /** In ascending order. */
  *buckets(): Generator<Bucket> {
    const values = this.#counts.recordedValuesIterator;
    values.resetIterator(this.#counts);
    values.reset();
    while (values.hasNext()) {
      const { valueIteratedTo, countAddedInThisIterationStep } = values.next();
      yield { ms: valueIteratedTo / perMs, count: countAddedInThisIterationStep };
    }
  }

  /** Time in milliseconds that `percentage` (0 to 100) of the values do not exceed. */
  percentile(percentage: number): number {
    return this.count === 0 ? 0 : this.#counts.getValueAtPercentile(percentage) / perMs;
  }
}
