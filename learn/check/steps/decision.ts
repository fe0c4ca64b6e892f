import type { Exercise } from "../../../registry/exercises.ts";
import type { Decision } from "../../handler.ts";
import { meantStrategies } from "../decided.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

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
