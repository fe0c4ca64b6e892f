import { InvalidArgumentError } from "commander";

/** Returns a parser of whole numbers from `from` to `to`. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < from || value > to) {
      throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`);
    }
    return value;
  };
}

/** Parses a duration, such as "250ms", "1s" or "2m", into milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const unitMs = { ms: 1, s: 1_000, m: 60_000 };
  const [, amount, unit] = match ?? [];
  if (amount === undefined || (unit !== "ms" && unit !== "s" && unit !== "m")) {
    throw new InvalidArgumentError('Expected a duration such as "250ms", "1s" or "2m".');
  }
  return Number(amount) * unitMs[unit];
}

/** Returns a parser of one of several words. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) {
      throw new InvalidArgumentError(`Expected one of: ${words.join(", ")}.`);
    }
    return found;
  };
}
