import type { Pass, Progress } from "../../progress/progress.ts";
import type { ExerciseResult, StepName, StepResult } from "../check/result.ts";

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
  /** Exercises to check afterwards: their files were saved, or somebody asked, meanwhile. */
  readonly next: readonly string[];
}

/** The course's state while it runs. */
export interface Model {
  readonly progress: Progress;
  readonly view: View;
  /** Lines of the middle that are above the screen. */
  readonly scroll: number;
  /** Message that the next key removes. */
  readonly notice: string | undefined;
  readonly checking: Checking | undefined;
  /** Whether the next `x` resets the exercise. */
  readonly confirmsReset: boolean;
  /** The result file, relative to the project's folder, once it is written. */
  readonly resultFile: string | undefined;
}

export type CourseEvent =
  | { readonly kind: "key"; readonly key: Key; readonly room: Room }
  /** A file of the learner's was saved. */
  | { readonly kind: "saved"; readonly letter: string }
  | { readonly kind: "begun"; readonly step: StepName }
  | { readonly kind: "step"; readonly step: StepResult }
  | { readonly kind: "tick"; readonly elapsedS: number }
  /** A check has ended; `pass` is signed evidence of a PASS. */
  | {
      readonly kind: "checked";
      readonly result: ExerciseResult;
      readonly pass: Pass | undefined;
    }
  /** The check itself failed. */
  | { readonly kind: "broken"; readonly problem: string }
  /** The stub is back; `aside` is where the learner's version is now. */
  | { readonly kind: "reset"; readonly letter: string; readonly aside: string | undefined }
  | { readonly kind: "result-written"; readonly file: string }
  | { readonly kind: "notice"; readonly text: string }
  /** Another process changed the progress: `--reset`, `npm run check`, the page, another course. */
  | { readonly kind: "progress"; readonly progress: Progress; readonly notice: string | undefined };

/** A key as node:readline names it: a letter in lower case, or such as "down", "pagedown", "escape". */
export type Key = string;

/** How far the middle can be scrolled, and how many lines it shows at once. */
export interface Room {
  readonly maxScroll: number;
  readonly page: number;
}

/** Work that an event asks for. */
export type Effect =
  | { readonly kind: "check"; readonly letter: string }
  | { readonly kind: "edit"; readonly letter: string }
  | { readonly kind: "reset"; readonly letter: string }
  | { readonly kind: "write-result" }
  | { readonly kind: "quit" };

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
