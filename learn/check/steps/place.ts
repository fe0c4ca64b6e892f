import type { Exercise } from "../../../registry/exercises.ts";
import type { Diagnosis, DiagnosisName } from "../../diagnose/diagnosis.ts";
import type { Served } from "../mistakes/burst-mistakes.ts";
import { describeEvidence } from "../place/describe.ts";
import type { Whereabouts } from "../place/where-it-ran.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

/** Mistakes of a burst that are none of its place. */
const elsewhere: ReadonlySet<DiagnosisName> = new Set([
  "sequential",
  "libuv-pool-saturated",
  "pool-too-small",
]);

/** Did it run where the decision says, and is that right? Apart from how long it took. */
export function checkPlace(served: Served, mistakes: readonly Diagnosis[]): Outcome {
  const { exercise, measured, where } = served;
  const evidence = `ran as ${where.strategy}: ${describeEvidence(exercise, measured.best)}`;
  const misplaced = mistakes.filter(({ name }) => !elsewhere.has(name));
  // Another place than those that are told about may do as well; if it does harm, that has a name.
  const isFrozen = where.held !== undefined;
  return misplaced.length > 0 || isFrozen
    ? fail(evidence, ...misplaced)
    : pass(`${evidence}${price(exercise, where)}`);
}

/** What a right answer that is not the recommended one costs. */
function price({ strategies, recommended }: Exercise, { strategy, isOwn }: Whereabouts): string {
  if (isOwn) {
    return ". Its price: threads or processes of your own, each with a heap, to start, bound and end yourself";
  }
  const reason = strategies.find(({ name }) => name === strategy)?.reason;
  return strategy === recommended || reason === undefined ? "" : `. Its price: ${reason}`;
}
