import { isPassed, type Pass, type Progress } from "@unblock/progress/progress";
import type { ExerciseResult, StepName, StepResult } from "../check/result.ts";
import { describeLevel, levelOf } from "../levels.ts";
import { withResult } from "../results.ts";
import { scoreOfProgress } from "../score.ts";

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

function checkNext(model: Model): Model {
  const [letter, ...next] = model.checking?.next ?? [];
  const ended = { ...model, checking: undefined };
  return letter === undefined ? ended : next.reduce(check, check(ended, letter));
}

/** The model after an exercise's file was saved. */
export function saved(model: Model, letter: string): Model {
  return letter === model.progress.current
    ? check({ ...model, notice: undefined }, letter)
    : notify(
        model,
        `You saved exercise ${letter}. To check it go there (l, then ${letter.toLowerCase()}) and press c`,
      );
}

export function withChecking(model: Model, changed: Partial<Checking>): Model {
  return { ...model, checking: model.checking && { ...model.checking, ...changed } };
}

export function stepEnded(model: Model, step: StepResult): Model {
  const steps = [...(model.checking?.steps ?? []), step];
  return withChecking(model, { steps, doing: undefined });
}

/** The model after a check. @param pass the signed evidence of a PASS */
export function checked(model: Model, result: ExerciseResult, pass: Pass | undefined): Model {
  const { exercise: letter, verdict } = result;
  const progress = withResult(model.progress, result, pass);
  const after = { ...model, progress };
  const isHere = letter === progress.current;
  if (verdict !== "PASS") {
    return checkNext(isHere ? after : notify(after, `Exercise ${letter}: ${verdict}`));
  }
  // A pass shows the rationale; the current exercise does not change.
  const shown = isHere && model.view === "exercise" ? show(after, "rationale") : after;
  return checkNext(notify(shown, describePass(progress, letter)));
}

/** The model after a check that failed for another reason than the learner's code. */
export function broken(model: Model, problem: string): Model {
  return checkNext(notify(model, `The check failed, and your code is not the reason: ${problem}`));
}

/** @param aside path of the learner's version */
export function stubRestored(model: Model, letter: string, aside: string | undefined): Model {
  const kept = aside === undefined ? "" : ` Your version is now ${aside}`;
  return notify(show(model, "exercise"), `The stub of ${letter} is restored.${kept}`);
}

/** The model after another process changed the progress, such as `npm run check` or the page. */
export function progressChanged(
  model: Model,
  progress: Progress,
  notice: string | undefined,
): Model {
  const passed = Object.keys(progress.exercises).filter(
    (letter) => isPassed(progress, letter) && !isPassed(model.progress, letter),
  );
  const change =
    passed.length > 0
      ? `Passed in another terminal: ${passed.join(", ")}`
      : "Your progress was changed by another command";
  return notify({ ...model, progress }, notice ?? change);
}

function describePass(progress: Progress, letter: string): string {
  const { passed, of } = scoreOfProgress(progress);
  return passed === of
    ? `All ${of} have passed: ${describeLevel(levelOf(passed))}. Read why, then w finishes the course with your result file`
    : `Exercise ${letter} has passed. Read why, and go on (n) when you like`;
}
