import { functionKey, innermost, type OwnCode, type Stack } from "./stack.ts";

interface Vote {
  readonly stack: Stack;
  weight: number;
}

/** Finds what held the thread most of a time, by the functions that were seen in it. */
export class Votes {
  readonly #isOwn: OwnCode;
  readonly #byFunction = new Map<string, Map<string, Vote>>();
  #total = 0;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
  }

  add(stack: Stack, weight: number): void {
    this.#total += weight;
    const index = innermost(stack, this.#isOwn);
    const key = functionKey(stack, this.#isOwn);
    if (key !== undefined) {
      const lines = this.#byFunction.get(key) ?? new Map<string, Vote>();
      const line = `${stack[index]?.line} ${stack[index - 1]?.name}`;
      const vote = lines.get(line) ?? { stack, weight: 0 };
      vote.weight += weight;
      lines.set(line, vote);
      this.#byFunction.set(key, lines);
    }
  }

  /** The stack that was seen most in the function that was; undefined when no function has half of the time. */
  winner(): Stack | undefined {
    const functions = [...this.#byFunction.values()].map((lines) => {
      const votes = [...lines.values()].sort(byWeight);
      const weight = votes.reduce((sum, vote) => sum + vote.weight, 0);
      return { stack: votes[0]?.stack, weight };
    });
    const first = functions.sort(byWeight)[0];
    return first !== undefined && first.weight * 2 >= this.#total ? first.stack : undefined;
  }
}

function byWeight(a: { readonly weight: number }, b: { readonly weight: number }): number {
  return b.weight - a.weight;
}
