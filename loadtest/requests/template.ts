import type { CallRandom } from "../schedule/random.ts";

export interface Template {
  /** Whether there are no placeholders. */
  readonly constant: boolean;
  /** @param n the call's number, from 1 */
  render(n: number, random: CallRandom): string;
}

const placeholder = /\{(?:(n)|(uuid)|random:(-?\d+)\.\.(-?\d+)|pick:([^{}]+))\}/g;

/**
 * Compiles a text in which `{n}` is the call's number, `{uuid}` a random UUID, `{random:1..6}` a whole
 * number within these bounds and `{pick:a|b|c}` one of the words. Other braces stay as they are.
 *
 * @throws Error when the lower bound is greater than the upper one
 */
export function compileTemplate(text: string): Template {
  for (const [whole, , , from, to] of text.matchAll(placeholder)) {
    if (Number(from) > Number(to)) {
      throw new Error(`Expected the lower bound first, got ${whole}`);
    }
  }
  const replace = (n: number, random: CallRandom, [, isN, isUuid, from, to, words]: string[]) => {
    const below = (bound: number) => Math.floor(random.number() * bound);
    if (isN) {
      return String(n);
    }
    if (isUuid) {
      return random.uuid();
    }
    if (words) {
      const choices = words.split("|");
      return choices[below(choices.length)] ?? "";
    }
    return String(Number(from) + below(Number(to) - Number(from) + 1));
  };
  return {
    constant: text.search(placeholder) < 0,
    render: (n, random) =>
      text.replaceAll(placeholder, (...groups: string[]) => replace(n, random, groups)),
  };
}
