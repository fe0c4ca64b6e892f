import type { Exercise } from "../../registry/exercises.ts";
import type { Decision } from "../handler.ts";
import { fail, type Outcome, pass } from "./report.ts";

/** Fewer words are no reason. */
const leastWords = 3;

/** Is the decision made, and has it a reason? Whether it is the right one, is seen by what runs. */
export function checkDecision(exercise: Exercise, decision: Decision | undefined): Outcome {
  // In the schema the recommended one comes first.
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
  if (why.trim().split(/\s+/).length < leastWords) {
    return fail(
      `${strategy}, without a reason: expected decision.why to be a sentence, got "${why}"`,
    );
  }
  return pass(`${strategy}: ${why.trim()}`);
}

/** Words that a decision may have for a family of strategies. */
const families: readonly { readonly words: RegExp; readonly names: readonly string[] }[] = [
  {
    words: /\b(worker|workers|thread|threads|piscina|pool|pools)\b/,
    names: ["threads", "workers"],
  },
  {
    words: /\b(process|processes|child|children|fork|forks|cluster)\b/,
    names: ["processes"],
  },
  {
    words: /\b(async|await|promise|promises|non-blocking|event loop|fetch)\b/,
    names: ["async", "libuv", "parallel"],
  },
  { words: /\b(libuv|fs\/promises|fs)\b/, names: ["libuv"] },
  { words: /\b(parallel|promise\.all|concurrent|concurrently)\b/, names: ["parallel"] },
  { words: /\b(background|fire[- ]and[- ]forget)\b/, names: ["background"] },
];

/**
 * The strategies that a decision may mean: the one that it names, or a family, as "threads of my own" does.
 *
 * @returns empty when it means none
 */
export function meantStrategies(
  { strategies }: Exercise,
  decision: Decision | undefined,
): readonly string[] {
  const text = decision?.strategy.trim().toLowerCase() ?? "";
  if (strategies.some(({ name }) => name === text)) {
    return [text];
  }
  return families.flatMap(({ words, names }) => (words.test(text) ? names : []));
}
