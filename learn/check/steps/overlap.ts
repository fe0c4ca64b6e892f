import type { Exercise } from "../../../registry/exercises.ts";
import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { Measured } from "../measure/measured.ts";
import { isTooLittle, overlapsOf } from "../place/overlap.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

/** Did a burst overlap as it should? The backends count, so no clock is asked. */
export function checkOverlap(
  exercise: Exercise,
  { best, cores }: Measured,
  mistakes: readonly Diagnosis[],
): Outcome {
  const overlaps = overlapsOf(exercise, best, cores);
  const message = overlaps
    .map(
      ({ what, calls, most, wanted }) => `${most} of ${calls} ${what} at once (${wanted} wanted)`,
    )
    .join(", ");
  // A full pool also keeps others waiting who need it for something else.
  const isPoolFull = mistakes.some(({ name }) => name === "libuv-pool-saturated");
  return overlaps.some(isTooLittle) || isPoolFull ? fail(message, ...mistakes) : pass(message);
}
