import type { ExerciseResult } from "../check/result.ts";
import { describeLevel, levelOf } from "../levels.ts";
import { check, type Updated, unchanged } from "./checking.ts";
import { pressKey } from "./keys.ts";
import type { Checking, CourseEvent, Model } from "./model.ts";
import { courseScore, type Progress, withExercise } from "./progress.ts";

/** What an event makes of the course. Pure: who runs the course does the effects. */
export function update(model: Model, event: CourseEvent): Updated {
  switch (event.kind) {
    case "key":
      return pressKey({ ...model, notice: undefined }, event.key, event.room);
    case "saved":
      return saved(model, event.letter);
    case "begun":
      return unchanged(withChecking(model, { doing: event.step }));
    case "step": {
      const steps = [...(model.checking?.steps ?? []), event.step];
      return unchanged(withChecking(model, { steps, doing: undefined }));
    }
    case "checked":
      return afterCheck(take(model, event.result));
    case "broken":
      return afterCheck({
        ...model,
        notice: `The check broke down, which is not your code's fault: ${event.problem}`,
      });
    case "progress":
      return unchanged({
        ...model,
        progress: event.progress,
        notice: event.notice ?? "Your progress was changed by another command",
      });
  }
}

function saved(model: Model, letter: string): Updated {
  if (letter === model.progress.current) {
    return check({ ...model, notice: undefined }, letter);
  }
  const notice = `You saved exercise ${letter}. To check it go there (l, then ${letter.toLowerCase()}) and press c`;
  return unchanged({ ...model, notice });
}

function withChecking(model: Model, changed: Partial<Checking>): Model {
  const { checking } = model;
  return checking === undefined ? model : { ...model, checking: { ...checking, ...changed } };
}

function take(model: Model, result: ExerciseResult): Model {
  const { exercise: letter, verdict } = result;
  const results = { ...model.results, [letter]: result };
  const here = letter === model.progress.current;
  const notice = here ? model.notice : `Exercise ${letter}: ${verdict}`;
  if (verdict === "INCONCLUSIVE") {
    return { ...model, results, notice };
  }
  const passed = verdict === "PASS";
  const changed = passed ? { last: verdict, passed, skipped: false } : { last: verdict };
  const progress = withExercise(model.progress, letter, changed);
  const told = {
    ...model,
    results,
    progress,
    notice: passed ? tellPass(progress, letter) : notice,
  };
  // Also after a lucky pass the reasons are there to read; where the learner is does not change.
  return here && passed && model.view === "exercise"
    ? { ...told, view: "rationale", scroll: 0 }
    : told;
}

function tellPass(progress: Progress, letter: string): string {
  const { passed, of } = courseScore(progress);
  return passed === of
    ? `All ${of} have passed: ${describeLevel(levelOf(passed))}`
    : `Exercise ${letter} has passed. Read why, and go on (n) when you like`;
}

function afterCheck(model: Model): Updated {
  const next = model.checking?.next;
  const ended = { ...model, checking: undefined };
  return next === undefined ? unchanged(ended) : check(ended, next);
}
