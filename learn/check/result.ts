import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import { HarnessTrouble, LearnerFault } from "./faults.ts";

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

/** What a step found. */
export interface Outcome extends Omit<StepResult, "step"> {
  /** Why it failed, the first to fix first; empty after a PASS. */
  readonly diagnoses: readonly Diagnosis[];
  /** Whether the only evidence of a FAIL is a clock, which a busy machine may have delayed. */
  readonly isLate?: boolean;
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

/** Outcome of a step that the learner's file ended. */
export function failOf(file: string, { line, mistake, message }: LearnerFault): Outcome {
  const text = `${file}${line === undefined ? "" : `:${line}`} ${message}`;
  return fail(text, {
    ...mistake,
    finding: `${text}.`,
    ...(line === undefined ? {} : { line: { file, line, what: "your code" } }),
    numbers: {},
  });
}

/** Rounds a number for people: to an integer from 10 on, to one or two digits below. */
export function round(value: number): number {
  const digits = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return Number(value.toFixed(digits));
}

/** Callbacks for the progress of a check. */
export interface Listener {
  readonly onBegin?: (step: StepName) => void;
  readonly onStep?: (step: StepResult) => void;
}

/** Collects the outcomes of an exercise's steps. */
export class Report {
  readonly steps: StepResult[] = [];
  /** The first is the one to fix first. */
  readonly diagnoses: Diagnosis[] = [];
  readonly #file: string;
  readonly #listener: Listener;
  #begun: StepName | undefined;

  /** @param file as shown to people */
  constructor(file: string, listener: Listener) {
    this.#file = file;
    this.#listener = listener;
  }

  /** Runs a step and adds its outcome. @returns whether it did not fail */
  async make(step: StepName, check: () => Promise<Outcome>): Promise<boolean> {
    const outcome = await this.attempt(step, check);
    return outcome !== undefined && this.add(step, outcome);
  }

  /** Runs what a step needs. @returns undefined when it throws, which is then the step's outcome */
  async attempt<Value>(step: StepName, work: () => Promise<Value>): Promise<Value | undefined> {
    if (step !== this.#begun) {
      this.#begun = step;
      this.#listener.onBegin?.(step);
    }
    try {
      return await work();
    } catch (error) {
      this.add(step, this.#outcomeOf(error));
      return undefined;
    }
  }

  /** @returns whether the outcome is not a FAIL */
  add(step: StepName, { verdict, message, details, diagnoses }: Outcome): boolean {
    const result = { step, verdict, message, ...(details === undefined ? {} : { details }) };
    this.steps.push(result);
    // Several steps may fail by the same mistake.
    this.diagnoses.push(...diagnoses.filter((one) => !this.diagnoses.includes(one)));
    this.#listener.onStep?.(result);
    return verdict !== "FAIL";
  }

  get verdict(): Verdict {
    const worst: readonly Verdict[] = ["FAIL", "INCONCLUSIVE"];
    return worst.find((one) => this.steps.some(({ verdict }) => verdict === one)) ?? "PASS";
  }

  #outcomeOf(error: unknown): Outcome {
    if (error instanceof LearnerFault) {
      return failOf(this.#file, error);
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const trouble = error instanceof HarnessTrouble ? error.message : stack;
    return inconclusive(`the check itself had trouble: ${trouble}`);
  }
}
