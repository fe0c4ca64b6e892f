import { isPassed, type Pass, type Progress } from "@unblock/progress/progress";
import type { ExerciseResult, StepResult } from "../check/result.ts";
import { describeLevel, levelOf } from "../levels.ts";
import { withResult } from "../results.ts";
import { scoreOfProgress } from "../score.ts";
import { type Checking, check, checkNext, type Model, notify, show } from "./model.ts";

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
