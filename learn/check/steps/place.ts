import type { Exercise } from "../../../registry/exercises.ts";
import type { Diagnosis, DiagnosisName } from "../../diagnose/diagnosis.ts";
import type { Served } from "../mistakes/burst-mistakes.ts";
import { describeEvidence, evidenceParts } from "../place/describe.ts";
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
  if (misplaced.length > 0 || isFrozen) {
    return fail(evidence, ...misplaced);
  }
  const { burst, loop } = measured.best;
  const busy = Math.round(loop.utilization * 100);
  return pass(
    `${burst.calls.length} calls ran as ${where.strategy}, and the event loop was ${busy} % busy${price(exercise, where)}`,
    evidenceParts(exercise, measured.best),
  );
}

/** What a right answer that is not the recommended one costs. */
function price({ strategies, recommended }: Exercise, { strategy, isOwn }: Whereabouts): string {
  if (isOwn) {
    return ". Its price: threads or processes of your own, each with a heap, to start, bound and end yourself";
  }
  const reason = strategies.find(({ name }) => name === strategy)?.reason;
  return strategy === recommended || reason === undefined ? "" : `. Its price: ${reason}`;
}
