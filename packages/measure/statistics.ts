/** Lower and upper bound of a measured value. */
export type Interval = readonly [low: number, high: number];

/** Share of intervals that hold the true median. */
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
 * Interval that holds the median in nine of ten measurements. From five values on it is interpolated between the two
 * symmetric pairs of order statistics that hold it more and less often, which is valid for nearly every distribution;
 * for two to four values no such pairs exist, so Student's t of the logarithms is used, which is wider.
 *
 * @param values above 0
 * @returns undefined for fewer than two values
 * @see Hettmansperger and Sheather: Confidence intervals based on interpolated order statistics (1986)
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
  if (n < 2) {
    return undefined;
  }
  const { left, share } = cutOff(n);
  return [between(sorted, left, share), between(sorted.toReversed(), left, share)];
}

/** Count of values to leave out at each end, and the share of the way from the next value to the one after it. */
function cutOff(n: number): { left: number; share: number } {
  let term = 0.5 ** n;
  let held = 1 - 2 * term;
  for (let left = 0; ; left++) {
    term *= (n - left) / (left + 1);
    const heldByNext = held - 2 * term;
    if (heldByNext < confidence) {
      const excess = (held - confidence) / (held - heldByNext);
      const rank = left + 1;
      return { left, share: ((n - rank) * excess) / (rank + (n - 2 * rank) * excess) };
    }
    held = heldByNext;
  }
}

function between(values: readonly number[], left: number, share: number): number {
  const [value = Number.NaN, next = value] = values.slice(left);
  return value + share * (next - value);
}

export function overlap([low, high]: Interval, [otherLow, otherHigh]: Interval): boolean {
  return low <= otherHigh && otherLow <= high;
}
