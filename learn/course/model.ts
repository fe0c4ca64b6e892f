import type { Pass, Progress } from "@unblock/progress/progress";
import type { ExerciseResult, StepName, StepResult } from "../check/result.ts";
import type { Key } from "../terminal/keyboard.ts";

/** What the middle of the screen shows. */
export type View = "exercise" | "list" | "rationale" | "details" | "end";

/** A check in progress. */
export interface Checking {
  readonly letter: string;
  /** Results of the steps so far. */
  readonly steps: readonly StepResult[];
  /** The step in progress. */
  readonly doing: StepName | undefined;
  /** Seconds since the check began. */
  readonly elapsedS: number;
  /** Letters of the exercises to check afterwards. */
  readonly next: readonly string[];
}

/** State of the running course. */
export interface Model {
  readonly progress: Progress;
  readonly view: View;
  /** Number of lines of the middle that are scrolled out above. */
  readonly scroll: number;
  /** Message above the keys until the next key. */
  readonly notice: string | undefined;
  readonly checking: Checking | undefined;
  /** Whether the next `x` resets the exercise. */
  readonly confirmsReset: boolean;
  /** Path of the written result file, relative to the project's folder. */
  readonly resultFile: string | undefined;
}

export type CourseEvent =
  | { readonly kind: "key"; readonly key: Key; readonly room: Room }
  /** A learner's file was saved. */
  | { readonly kind: "saved"; readonly letter: string }
  | { readonly kind: "begun"; readonly step: StepName }
  | { readonly kind: "step"; readonly step: StepResult }
  | { readonly kind: "tick"; readonly elapsedS: number }
  /** A check has ended; `pass` is the signed evidence of a PASS. */
  | {
      readonly kind: "checked";
      readonly result: ExerciseResult;
      readonly pass: Pass | undefined;
    }
  /** The check failed for another reason than the learner's code. */
  | { readonly kind: "broken"; readonly problem: string }
  /** The stub was restored; `aside` is the path of the learner's version. */
  | { readonly kind: "reset"; readonly letter: string; readonly aside: string | undefined }
  | { readonly kind: "result-written"; readonly file: string }
  | { readonly kind: "notice"; readonly text: string }
  /** Another process changed the progress, such as `npm run check` or the page. */
  | { readonly kind: "progress"; readonly progress: Progress; readonly notice: string | undefined };

/** Extent of the screen's middle, in lines. */
export interface Room {
  readonly maxScroll: number;
  /** Lines shown at once. */
  readonly page: number;
}

/** Side effect that an event causes. */
export type Effect =
  | { readonly kind: "check"; readonly letter: string }
  | { readonly kind: "edit"; readonly letter: string }
  | { readonly kind: "reset"; readonly letter: string }
  | { readonly kind: "write-result" }
  | { readonly kind: "quit" };

/** A changed model, and the effects to run. */
export interface Updated {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

export function begin(progress: Progress, notice: string | undefined): Model {
  return {
    progress,
    view: "exercise",
    scroll: 0,
    notice,
    checking: undefined,
    confirmsReset: false,
    resultFile: undefined,
  };
}

export function withoutEffects(model: Model): Updated {
  return { model, effects: [] };
}

/**
 * Checks an exercise now, or after the check in progress: concurrent checks would disturb each
 * other.
 */
export function check(model: Model, letter: string): Updated {
  const { checking } = model;
  if (checking !== undefined) {
    const next = checking.next.includes(letter) ? checking.next : [...checking.next, letter];
    return withoutEffects({ ...model, checking: { ...checking, next } });
  }
  const begun = { letter, steps: [], doing: undefined, elapsedS: 0, next: [] };
  const here = letter === model.progress.current && model.view !== "list";
  return {
    model: { ...model, checking: begun, ...(here ? { view: "exercise", scroll: 0 } : {}) },
    effects: [{ kind: "check", letter }],
  };
}

/** Begins the next queued check, if any. */
export function checkNext(model: Model): Updated {
  const [letter, ...rest] = model.checking?.next ?? [];
  const ended = { ...model, checking: undefined };
  if (letter === undefined) {
    return withoutEffects(ended);
  }
  const { model: begun, effects } = check(ended, letter);
  const { checking } = begun;
  return {
    model: checking === undefined ? begun : { ...begun, checking: { ...checking, next: rest } },
    effects,
  };
}
