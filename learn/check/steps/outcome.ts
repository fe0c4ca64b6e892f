import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { Verdict } from "../result.ts";

/** What a step found. */
export interface Outcome {
  readonly verdict: Verdict;
  /** What was seen, with its numbers: one line. */
  readonly message: string;
  /** The evidence in full, a figure or two each; left out where the message says it all. */
  readonly details?: readonly string[];
  /** Why it failed, the first to be mended first; empty after a PASS. */
  readonly diagnoses: readonly Diagnosis[];
}

export function pass(message: string, details?: readonly string[]): Outcome {
  return { verdict: "PASS", message, ...(details === undefined ? {} : { details }), diagnoses: [] };
}

export function fail(message: string, ...diagnoses: readonly Diagnosis[]): Outcome {
  return { verdict: "FAIL", message, diagnoses };
}

export function inconclusive(message: string): Outcome {
  return { verdict: "INCONCLUSIVE", message, diagnoses: [] };
}
