/** To whole microseconds: finer figures are noise, and every digit crosses the wire. */
export function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
