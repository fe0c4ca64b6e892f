/** Lower and upper bound of what was measured. */
export type Interval = readonly [low: number, high: number];

/** Share of such intervals that hold the true median, at least. */
const confidence = 0.9;

/** Student's t for `confidence`, by the number of values; from five on no distribution is assumed. */
const studentT: Readonly<Record<number, number>> = { 2: 6.314, 3: 2.92, 4: 2.353 };

/** The median; NaN of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 0 ? ((sorted[sorted.length / 2 - 1] ?? upper) + upper) / 2 : upper;
}

/**
 * Interval that holds the median in at least nine of ten such measurements. From five values on it is the
 * narrowest symmetric pair of order statistics, which holds for every distribution; two to four values can't
 * have one, so theirs is Student's t of the logarithms, which is wider.
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

/** How many values may be left out at each end: the median is below them with a chance of 5 % at most. */
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

/** Whether two intervals have a value in common. */
export function overlap([low, high]: Interval, [otherLow, otherHigh]: Interval): boolean {
  return low <= otherHigh && otherLow <= high;
}
