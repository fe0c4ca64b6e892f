import type { Interval } from "../measure/statistics.ts";

/** Milliseconds in at most five characters. */
export function ms(value: number): string {
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

/** How many times something is something else. */
export function times(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value.toFixed(value < 99.5 ? 1 : 0);
}

/** Such as "1.11–1.15". */
export function range([low, high]: Interval): string {
  return `${times(low)}–${times(high)}`;
}
