import type { Diagnosis } from "../diagnose/diagnosis.ts";
import { HarnessTrouble, LearnerFault } from "./faults.ts";
import type { StepName, StepResult, Verdict } from "./result.ts";
import { failOf } from "./steps/loads.ts";
import { inconclusive, type Outcome } from "./steps/outcome.ts";

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
