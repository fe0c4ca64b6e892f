import type { Progress } from "@unblock/progress/progress";
import type { StepName, StepResult } from "../check/result.ts";

export type View = "exercise" | "list" | "rationale" | "details" | "end";

export interface Checking {
  readonly letter: string;
  readonly steps: readonly StepResult[];
  readonly doing: StepName | undefined;
  readonly elapsedS: number;
  readonly next: readonly string[];
}

export interface Model {
  readonly progress: Progress;
  readonly view: View;
  /** Number of lines of the middle that are scrolled out above. */
  readonly scroll: number;
  /** Message above the keys until the next key. */
  readonly notice: string | undefined;
  readonly checking: Checking | undefined;
  readonly confirmsReset: boolean;
  readonly resultFile: string | undefined;
  readonly effects: readonly Effect[];
}

/** Extent of the screen's middle, in lines. */
export interface Room {
  readonly maxScroll: number;
  /** Lines shown at once. */
  readonly page: number;
}

export type Effect =
  | { readonly kind: "check" | "edit" | "reset"; readonly letter: string }
  | { readonly kind: "write-result" | "quit" };

export function begin(progress: Progress, notice: string | undefined): Model {
  return {
    progress,
    view: "exercise",
    scroll: 0,
    notice,
    checking: undefined,
    confirmsReset: false,
    resultFile: undefined,
    effects: [],
  };
}

/** Shows a view from its top. */
export function show(model: Model, view: View): Model {
  return { ...model, view, scroll: 0 };
}

export function notify(model: Model, notice: string): Model {
  return { ...model, notice };
}

/** Checks an exercise now, or after the check in progress: concurrent checks would disturb each other. */
export function check(model: Model, letter: string): Model {
  const { checking } = model;
  if (checking !== undefined) {
    const next = checking.next.includes(letter) ? checking.next : [...checking.next, letter];
    return { ...model, checking: { ...checking, next } };
  }
  const isHere = letter === model.progress.current && model.view !== "list";
  return {
    ...(isHere ? show(model, "exercise") : model),
    checking: { letter, steps: [], doing: undefined, elapsedS: 0, next: [] },
    effects: [{ kind: "check", letter }],
  };
}

export function checkNext(model: Model): Model {
  const [letter, ...next] = model.checking?.next ?? [];
  const ended = { ...model, checking: undefined };
  return letter === undefined ? ended : next.reduce(check, check(ended, letter));
}
