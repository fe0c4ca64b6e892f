import { diff } from "node:util";

/** How many lines that are the same stand around each change. */
const around = 2;

/**
 * How to come from a text to another: "- " before lines to take away, "+ " before those to add, and
 * "  " before some that stay; "⋮" where more stay. Empty when the two are the same.
 */
export function difference(from: string, to: string): string[] {
  // An entry of 1 is only in the first, one of -1 only in the second.
  const entries = diff(linesOf(from), linesOf(to));
  const changed = entries.flatMap(([where], index) => (where === 0 ? [] : [index]));
  const near = (index: number) => changed.some((one) => Math.abs(one - index) <= around);
  return entries.flatMap(([where, line], index) => {
    if (where !== 0) {
      return [`${where === 1 ? "-" : "+"} ${line}`];
    }
    if (near(index)) {
      return [`  ${line}`];
    }
    return changed.length > 0 && near(index - 1) ? ["⋮"] : [];
  });
}

function linesOf(text: string): string[] {
  return text.replaceAll("\r\n", "\n").trimEnd().split("\n");
}
