import type { Diagnosis } from "@unblock/diagnose/diagnosis";

/** INCONCLUSIVE: the machine or the check did not allow a verdict. Never a guess. */
export type Verdict = "PASS" | "FAIL" | "INCONCLUSIVE";

/** The steps, in this order. A step that an earlier failure makes impossible is left out. */
export type StepName =
  | "loads"
  | "decision"
  | "answer"
  | "overlap"
  | "executor"
  | "time"
  | "probe"
  | "failures"
  | "signal"
  | "after-reply"
  | "stop";

export interface StepResult {
  readonly step: StepName;
  readonly verdict: Verdict;
  /** The observation with its numbers, on one line. */
  readonly message: string;
  /** The full evidence, a figure or two each; undefined where the message says it all. */
  readonly details?: readonly string[];
}

/** Result of one exercise. */
export interface ExerciseResult {
  /** "A" to "H". */
  readonly exercise: string;
  readonly rpc: string;
  readonly title: string;
  /** The checked file, relative to the project's folder. */
  readonly file: string;
  readonly verdict: Verdict;
  /** The strategy that the decision names; undefined when it names none. */
  readonly decided: string | undefined;
  readonly steps: readonly StepResult[];
  /** Why it failed, the first to fix first; empty after a PASS. */
  readonly diagnoses: readonly Diagnosis[];
}

/** Output of `npm run check -- --json`. */
export interface CheckResult {
  readonly results: readonly ExerciseResult[];
  readonly score: Score;
}

export interface Score {
  readonly passed: number;
  readonly of: number;
  /** Such as "Expert – ready for production MLOps"; undefined when not all exercises were checked. */
  readonly level: string | undefined;
  /** Letters of the exercises to repeat. */
  readonly review: readonly string[];
}
