import type { Diagnosis } from "../diagnose/diagnosis.ts";
import { HarnessTrouble, LearnerFault } from "./faults.ts";
import type { StepName, StepResult, Verdict } from "./result.ts";

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

/** What a learner's file did, in a line that an editor can open. */
function describeFault(file: string, { line, message }: LearnerFault): string {
  return `${file}${line === undefined ? "" : `:${line}`} ${message}`;
}

/** What comes of a step that a learner's file ended. */
export function failOf(file: string, fault: LearnerFault): Outcome {
  const { line, mistake } = fault;
  const message = describeFault(file, fault);
  return mistake === undefined
    ? fail(message)
    : fail(message, {
        ...mistake,
        finding: `${message}.`,
        ...(line === undefined ? {} : { line: { file, line, what: "your code" } }),
        numbers: {},
      });
}

/** Told how a check goes on. */
export interface Listener {
  /** A step has begun. */
  readonly onBegin?: (step: StepName) => void;
  /** A step has ended. */
  readonly onStep?: (step: StepResult) => void;
}

/** Collects what the steps of an exercise's check find. */
export class Report {
  readonly steps: StepResult[] = [];
  /** The first is what to mend first. */
  readonly diagnoses: Diagnosis[] = [];
  readonly #file: string;
  readonly #listener: Listener;
  #begun: StepName | undefined;

  /** @param file as people read it */
  constructor(file: string, listener: Listener) {
    this.#file = file;
    this.#listener = listener;
  }

  /** Makes a step. @returns whether it passed, or can't be told */
  async make(step: StepName, check: () => Promise<Outcome>): Promise<boolean> {
    const outcome = await this.attempt(step, check);
    return outcome !== undefined && this.add(step, outcome);
  }

  /**
   * Does what a step rests on.
   *
   * @returns undefined when it breaks, and that is then what came of the step
   */
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

  /** @returns whether it passed, or can't be told */
  add(step: StepName, { verdict, message, details, diagnoses }: Outcome): boolean {
    const result: StepResult = {
      step,
      verdict,
      message,
      ...(details === undefined ? {} : { details }),
    };
    this.steps.push(result);
    // Several steps may fail by the same mistake.
    this.diagnoses.push(...diagnoses.filter((one) => !this.diagnoses.includes(one)));
    this.#listener.onStep?.(result);
    return verdict !== "FAIL";
  }

  get verdict(): Verdict {
    const verdicts = this.steps.map(({ verdict }) => verdict);
    const worst: readonly Verdict[] = ["FAIL", "INCONCLUSIVE"];
    return worst.find((verdict) => verdicts.includes(verdict)) ?? "PASS";
  }

  #outcomeOf(error: unknown): Outcome {
    if (error instanceof LearnerFault) {
      return failOf(this.#file, error);
    }
    const trouble = error instanceof HarnessTrouble ? error.message : stackOf(error);
    return inconclusive(`the check itself had trouble: ${trouble}`);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** A number as people read it: whole from 10 on, with a digit or two below. */
export function round(value: number): number {
  const digits = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return Number(value.toFixed(digits));
}
