import type { Diagnosis } from "../diagnose/diagnosis.ts";

/** INCONCLUSIVE: the machine, or the harness, did not let it be told. Never a guess. */
export type Verdict = "PASS" | "FAIL" | "INCONCLUSIVE";

/** What is checked, in this order. A check that can't be made because an earlier one failed is left out. */
export type StepName =
  | "loads"
  | "decision"
  | "answer"
  | "overlap"
  | "place"
  | "time"
  | "bystander"
  | "failures"
  | "signal"
  | "after-reply"
  | "stop";

export interface StepResult {
  readonly step: StepName;
  readonly verdict: Verdict;
  /** What was seen, with its numbers: one line. */
  readonly message: string;
  /** The evidence in full, a figure or two each; left out where the message says it all. */
  readonly details?: readonly string[];
}

/** What came of one exercise. */
export interface ExerciseResult {
  /** "A" to "H". */
  readonly exercise: string;
  readonly rpc: string;
  readonly title: string;
  /** The file that was checked, relative to the project's folder. */
  readonly file: string;
  readonly verdict: Verdict;
  /** The strategy that the decision names; undefined when it names none. */
  readonly decided: string | undefined;
  readonly steps: readonly StepResult[];
  /** Why it failed; the first is what to mend first. Empty after a PASS. */
  readonly diagnoses: readonly Diagnosis[];
}

/** What `npm run check --json` prints. */
export interface CheckResult {
  readonly results: readonly ExerciseResult[];
  readonly score: Score;
}

export interface Score {
  readonly passed: number;
  readonly of: number;
  /** Such as "Expert – ready for production MLOps"; undefined when not all exercises were checked. */
  readonly level: string | undefined;
  /** The letters of those to look at again. */
  readonly review: readonly string[];
}
