import type { Exercise } from "@unblock/proto/exercises";
import type { Decision } from "../toolbox/handler.ts";
import { fail, type Outcome, pass } from "./result.ts";

/** Fewer words are no reason. */
const minWords = 3;

/** Words of a decision that name a family of strategies. */
const families: readonly { readonly words: RegExp; readonly names: readonly string[] }[] = [
  { words: /worker|thread|piscina|pool/, names: ["blocking-pool", "cpu-pool"] },
  { words: /process|child|fork|spawn|cluster/, names: ["processes"] },
  {
    words: /async|await|promise|non-blocking|event loop|fetch/,
    names: ["async", "libuv", "parallel"],
  },
  { words: /libuv|\bfs\b/, names: ["libuv"] },
  { words: /parallel|concurrent|at once/, names: ["parallel"] },
  { words: /background|fire[- ]and[- ]forget/, names: ["background"] },
];

/**
 * Returns the strategies that a decision may mean: the one that it names, or a family, as "threads of my
 * own" does; empty when it means none.
 */
export function meantStrategies(
  { strategies }: Exercise,
  decision: Decision | undefined,
): readonly string[] {
  const text = decision?.strategy.trim().toLowerCase() ?? "";
  return strategies.some(({ name }) => name === text)
    ? [text]
    : families.flatMap(({ words, names }) => (words.test(text) ? names : []));
}

/** Is the decision made, and does it have a reason? Later steps see whether it is right. */
export function checkDecision(exercise: Exercise, decision: Decision | undefined): Outcome {
  // In the schema the recommended strategy comes first.
  const names = exercise.strategies.map(({ name }) => name).toSorted();
  const choices = `one of ${names.join(", ")}`;
  if (decision === undefined) {
    return fail(
      `expected an export decision of { strategy, why }, both texts, found none: name ${choices}, and say why`,
    );
  }
  const { strategy, why } = decision;
  if (strategy.trim() === "") {
    return fail(`not made yet: set decision.strategy to ${choices}`);
  }
  if (meantStrategies(exercise, decision).length === 0) {
    return fail(`expected decision.strategy to be ${choices}, got "${strategy}"`);
  }
  return why.trim().split(/\s+/).length < minWords
    ? fail(`${strategy}, without a reason: expected decision.why to be a sentence, got "${why}"`)
    : pass(`${strategy}: ${why.trim()}`);
}
