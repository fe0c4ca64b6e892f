/** Lower and upper bound of a measured value. */
export type Interval = readonly [low: number, high: number];

/** Minimum share of intervals that hold the true median. */
const confidence = 0.9;

/** Student's t for `confidence`, by the number of values; from five values on no distribution is assumed. */
const studentT: Readonly<Record<number, number>> = { 2: 6.314, 3: 2.92, 4: 2.353 };

/** Median of the values; NaN if there are none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 0 ? ((sorted[sorted.length / 2 - 1] ?? upper) + upper) / 2 : upper;
}

/**
 * Interval that holds the median in at least nine of ten measurements. From five values on it is the
 * narrowest symmetric pair of order statistics, which is valid for every distribution; for two to four values
 * no such pair exists, so Student's t of the logarithms is used, which is wider.
 *
 * @param values above 0
 * @returns undefined for fewer than two values
 * @see https://en.wikipedia.org/wiki/Confidence_interval_for_a_median
 */
export function intervalOf(values: readonly number[]): Interval | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const t = studentT[n];
  if (t !== undefined) {
    const logs = sorted.map(Math.log);
    const mean = logs.reduce((sum, log) => sum + log, 0) / n;
    const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (n - 1);
    const half = t * Math.sqrt(variance / n);
    return [Math.exp(mean - half), Math.exp(mean + half)];
  }
  const left = cutOff(n);
  const low = sorted[left];
  const high = sorted[n - 1 - left];
  return n < 2 || low === undefined || high === undefined ? undefined : [low, high];
}

/** Count of values to leave out at each end; the median lies beyond with a probability of 5 % at most. */
function cutOff(n: number): number {
  let left = 0;
  let term = 0.5 ** n;
  let below = term;
  while (left + 1 < n / 2) {
    term *= (n - left) / (left + 1);
    below += term;
    if (below > (1 - confidence) / 2) {
      break;
    }
    left++;
  }
  return left;
}

export function overlap([low, high]: Interval, [otherLow, otherHigh]: Interval): boolean {
  return low <= otherHigh && otherLow <= high;
}
