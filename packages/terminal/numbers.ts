/** Milliseconds in at most five characters. */
export function ms(value: number): string {
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

/** A factor, such as "1.35" or "12.3". */
export function times(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value.toFixed(value < 99.5 ? 1 : 0);
}

/** An interval of factors, such as "1.11–1.15". */
export function range([low, high]: readonly [number, number]): string {
  return `${times(low)}–${times(high)}`;
}

/** A number with its noun, such as "1 call" or "1,000 calls". */
export function count(value: number, noun = "call"): string {
  return `${value.toLocaleString("en-US")} ${noun}${value === 1 ? "" : "s"}`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Rounds to three decimals: of milliseconds, finer digits are noise. */
export function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
