import type { ExerciseResult, StepName, StepResult } from "../check/result.ts";
import type { Progress } from "./progress.ts";

/** What the middle of the screen shows. */
export type View = "exercise" | "list" | "rationale";

/** A check that goes on. */
export interface Checking {
  readonly letter: string;
  /** What came of the steps so far. */
  readonly steps: readonly StepResult[];
  /** The one that goes on. */
  readonly doing: StepName | undefined;
  /** The exercise to check when this has ended: its file was saved, or somebody asked, meanwhile. */
  readonly next: string | undefined;
}

/** All that the course knows while it runs. */
export interface Model {
  readonly progress: Progress;
  readonly view: View;
  /** How many lines of the middle are above the screen. */
  readonly scroll: number;
  /** Something to tell once. */
  readonly notice: string | undefined;
  readonly checking: Checking | undefined;
  /** The last result of this session, by letter. */
  readonly results: Readonly<Record<string, ExerciseResult>>;
}

/** What happens to it. */
export type CourseEvent =
  | { readonly kind: "key"; readonly key: Key; readonly room: Room }
  /** A file of the learner's was saved. */
  | { readonly kind: "saved"; readonly letter: string }
  | { readonly kind: "begun"; readonly step: StepName }
  | { readonly kind: "step"; readonly step: StepResult }
  | { readonly kind: "checked"; readonly result: ExerciseResult }
  /** The check itself broke down. */
  | { readonly kind: "broken"; readonly problem: string }
  /** Somebody else changed the progress: `--reset`, or a course in another terminal. */
  | { readonly kind: "progress"; readonly progress: Progress; readonly notice: string | undefined };

/** A key as node:readline names it: a letter in lower case, or such as "down", "pagedown", "escape". */
export type Key = string;

/** How far the middle can be scrolled, and how many lines it shows at once. */
export interface Room {
  readonly mostScroll: number;
  readonly page: number;
}

/** What is to be done because of an event. */
export type Effect =
  | { readonly kind: "check"; readonly letter: string }
  | { readonly kind: "quit" };

export function begin(progress: Progress, notice: string | undefined): Model {
  return { progress, view: "exercise", scroll: 0, notice, checking: undefined, results: {} };
}
