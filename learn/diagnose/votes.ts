import { packageOf } from "./own-code.ts";
import { type Frame, functionKey, innermost, type OwnCode, type Stack } from "./stack.ts";

interface Vote {
  readonly stack: Stack;
  weight: number;
}

/** By function, and in it by line. */
type Tally = Map<string, Map<string, Vote>>;

interface Ranked {
  readonly key: string;
  readonly stack: Stack | undefined;
  readonly weight: number;
}

/** Finds what held the thread most of a time, by the functions that were seen in it. */
export class Votes {
  readonly #isOwn: OwnCode;
  /** The functions that were innermost. */
  readonly #byFunction: Tally = new Map();
  /** What these called: a call that blocks, or a package. */
  readonly #byCalled: Tally = new Map();
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
    count(this.#byCalled, calledOf(stack.slice(0, index + 1)), stack, index, weight);
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
   * The stack that was seen most in the function that has half of the time; if none has, in those that call
   * what has half; then in the one that calls others for half of it, as a loop calls a generator. Undefined
   * when that is none either.
   */
  winner(): Stack | undefined {
    const half = ({ weight }: Ranked) => weight * 2 >= this.#total;
    const [first] = [...ranked(this.#byFunction), ...ranked(this.#byCalled)].filter(half);
    // Those further out have as much of the time and more. One that was never seen itself only hands calls on.
    const callers = ranked(this.#byCaller).filter(half);
    const loop = callers.findLast(({ key }) => this.#byFunction.has(key));
    return (first ?? loop)?.stack;
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
function ranked(tally: Tally): Ranked[] {
  return [...tally]
    .map(([key, lines]) => {
      const votes = [...lines.values()].sort(byWeight);
      const weight = votes.reduce((sum, vote) => sum + vote.weight, 0);
      return { key, stack: votes[0]?.stack, weight };
    })
    .sort(byWeight);
}

/** What a stack's outermost function calls, if that is known to block or of a package. */
function calledOf(stack: Stack): string | undefined {
  const called = stack.at(-2);
  if (called?.file === undefined && called?.name.endsWith("Sync")) {
    return called.name;
  }
  const file = stack.slice(0, -1).findLast((frame) => frame.file !== undefined)?.file;
  return file && packageOf(file);
}

function keyOf(frame: Frame): string | undefined {
  return functionKey([frame], () => true);
}

function byWeight(a: { readonly weight: number }, b: { readonly weight: number }): number {
  return b.weight - a.weight;
}
