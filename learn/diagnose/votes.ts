import { type Frame, functionKey, innermost, type OwnCode, type Stack } from "./stack.ts";

interface Vote {
  readonly stack: Stack;
  weight: number;
}

/** By function, and in it by line. */
type Tally = Map<string, Map<string, Vote>>;

/** Finds what held the thread most of a time, by the functions that were seen in it. */
export class Votes {
  readonly #isOwn: OwnCode;
  /** The functions that were innermost. */
  readonly #byFunction: Tally = new Map();
  /** Those that called them, which are the person's own too. */
  readonly #byCaller: Tally = new Map();
  #total = 0;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
  }

  add(stack: Stack, weight: number): void {
    this.#total += weight;
    const index = innermost(stack, this.#isOwn);
    count(this.#byFunction, functionKey(stack, this.#isOwn), stack, index, weight);
    const counted = new Set<string>();
    for (const [at, frame] of stack.entries()) {
      const key = keyOf(frame);
      if (key !== undefined && at >= index && this.#isOwn(frame.file ?? "") && !counted.has(key)) {
        counted.add(key);
        // Where what it calls is the person's own as well, that is not to be pointed to.
        const from = at === index ? stack : stack.slice(at);
        count(this.#byCaller, key, from, at === index ? index : 0, weight);
      }
    }
  }

  /**
   * The stack that was seen most in the function that was; if none has half of the time, in the one that
   * called others for half of it, as a loop calls a generator. Undefined when that is none either.
   */
  winner(): Stack | undefined {
    const [first] = ranked(this.#byFunction);
    if (first !== undefined && first.weight * 2 >= this.#total) {
      return first.stack;
    }
    // Those further out have as much of the time and more.
    const callers = ranked(this.#byCaller).filter(({ weight }) => weight * 2 >= this.#total);
    return callers.at(-1)?.stack;
  }
}

function count(
  tally: Tally,
  key: string | undefined,
  stack: Stack,
  index: number,
  weight: number,
): void {
  if (key === undefined) {
    return;
  }
  const lines = tally.get(key) ?? new Map<string, Vote>();
  const line = `${stack[index]?.line} ${stack[index - 1]?.name}`;
  const vote = lines.get(line) ?? { stack, weight: 0 };
  vote.weight += weight;
  lines.set(line, vote);
  tally.set(key, lines);
}

/** The function with most of the time first, each with the stack that was seen most in it. */
function ranked(tally: Tally): { readonly stack: Stack | undefined; readonly weight: number }[] {
  return [...tally.values()]
    .map((lines) => {
      const votes = [...lines.values()].sort(byWeight);
      const weight = votes.reduce((sum, vote) => sum + vote.weight, 0);
      return { stack: votes[0]?.stack, weight };
    })
    .sort(byWeight);
}

function keyOf(frame: Frame): string | undefined {
  return functionKey([frame], () => true);
}

function byWeight(a: { readonly weight: number }, b: { readonly weight: number }): number {
  return b.weight - a.weight;
}
