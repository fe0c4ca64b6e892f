/** A number as people read it: whole from 10 on, with a digit or two below. */
export function round(value: number): number {
  const digits = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return Number(value.toFixed(digits));
}
