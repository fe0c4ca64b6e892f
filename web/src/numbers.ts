/** Milliseconds as people read them: two digits or three, and not more. */
export function ms(value: number): string {
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

export function count(calls: number, one = "call"): string {
  return `${calls.toLocaleString("en-US")} ${one}${calls === 1 ? "" : "s"}`;
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
