import type { CallRandom } from "../schedule/random.ts";

/** A text with placeholders, replaced in each call. */
export interface Template {
  /** Whether there are no placeholders. */
  readonly constant: boolean;
  /** @param n the call's number, from 1 */
  render(n: number, random: CallRandom): string;
}

type Part = (n: number, random: CallRandom) => string;

const placeholder = /\{(?:(n)|(uuid)|random:(-?\d+)\.\.(-?\d+)|pick:([^{}]+))\}/g;

/**
 * Compiles a text in which `{n}` is the call's number, `{uuid}` a random UUID, `{random:1..6}` a whole
 * number within these bounds and `{pick:a|b|c}` one of the words. Other braces stay as they are.
 *
 * @throws Error when the lower bound is greater than the upper one
 */
export function compileTemplate(text: string): Template {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(placeholder)) {
    const before = text.slice(at, match.index);
    parts.push(() => before, partOf(match));
    at = match.index + match[0].length;
  }
  const rest = text.slice(at);
  return parts.length === 0
    ? { constant: true, render: () => text }
    : {
        constant: false,
        render: (n, random) => parts.map((part) => part(n, random)).join("") + rest,
      };
}

function partOf([whole, n, uuid, from, to, words]: RegExpExecArray): Part {
  if (n !== undefined) {
    return (call) => String(call);
  }
  if (uuid !== undefined) {
    return (_, random) => random.uuid();
  }
  if (words !== undefined) {
    const choices = words.split("|");
    return (_, random) => choices[Math.floor(random.number() * choices.length)] ?? "";
  }
  const min = Number(from);
  const max = Number(to);
  if (!(min <= max)) {
    throw new Error(`Expected the lower bound first, got ${whole}`);
  }
  return (_, random) => String(min + Math.floor(random.number() * (max - min + 1)));
}
