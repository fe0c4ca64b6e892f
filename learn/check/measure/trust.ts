import { mostBusyCores } from "../../../machine/quiet.ts";
import { round } from "../numbers.ts";
import type { Measured } from "./measured.ts";

/** The slowest of the runs alone may take so many times what the fastest takes. */
const mostScatter = 1.5;

/**
 * Why times that were measured tell nothing about the learner's code.
 *
 * @returns undefined when they do
 */
export function whyNoTime({ alone, busyCores, cores }: Measured): string | undefined {
  if (busyCores > mostBusyCores) {
    return `others kept ${round(busyCores)} of ${cores} cores busy meanwhile, on this machine or on its host`;
  }
  const fastest = Math.min(...alone.runsMs);
  const slowest = Math.max(...alone.runsMs);
  return slowest > fastest * mostScatter
    ? `one call's work alone took from ${round(fastest)} to ${round(slowest)} ms on this machine, which is too uneven to compare with`
    : undefined;
}
