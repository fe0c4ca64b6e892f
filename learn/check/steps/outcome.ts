import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { Verdict } from "../result.ts";

/** What a step found. */
export interface Outcome {
  readonly verdict: Verdict;
  /** What was seen, with its numbers: one line. */
  readonly message: string;
  /** Why it failed, the first to be mended first; empty after a PASS. */
  readonly diagnoses: readonly Diagnosis[];
}

export function pass(message: string): Outcome {
  return { verdict: "PASS", message, diagnoses: [] };
}

export function fail(message: string, ...diagnoses: readonly Diagnosis[]): Outcome {
  return { verdict: "FAIL", message, diagnoses };
}

export function inconclusive(message: string): Outcome {
  return { verdict: "INCONCLUSIVE", message, diagnoses: [] };
}
