/** "312 ms", "4.2 s" */
export function inWords(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms).toLocaleString("en")} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** For scripts: to a tenth. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** "once", "twice", "14 times" */
export function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count.toLocaleString("en")} times`;
}
