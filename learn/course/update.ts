import { isPassed, type Progress } from "@unblock/progress/progress";
import { describeLevel, levelOf } from "../levels.ts";
import { withResult } from "../results.ts";
import { scoreOfProgress } from "../score.ts";
import { pressKey } from "./keys.ts";
import {
  type Checking,
  type CourseEvent,
  check,
  checkNext,
  type Model,
  type Updated,
  withoutEffects,
} from "./model.ts";

/**
 * Returns the model after an event, and the effects for `run.ts`. It has no side effects itself.
 */
export function update(model: Model, event: CourseEvent): Updated {
  switch (event.kind) {
    case "key":
      return pressKey({ ...model, notice: undefined }, event.key, event.room);
    case "saved":
      return saved(model, event.letter);
    case "begun":
      return withoutEffects(withChecking(model, { doing: event.step }));
    case "step": {
      const steps = [...(model.checking?.steps ?? []), event.step];
      return withoutEffects(withChecking(model, { steps, doing: undefined }));
    }
    case "tick":
      return withoutEffects(withChecking(model, { elapsedS: event.elapsedS }));
    case "checked":
      return checkNext(afterCheck(model, event));
    case "broken":
      return checkNext({
        ...model,
        notice: `The check failed, and your code is not the reason: ${event.problem}`,
      });
    case "reset": {
      const kept = event.aside === undefined ? "" : ` Your version is now ${event.aside}`;
      return withoutEffects({
        ...model,
        view: "exercise",
        scroll: 0,
        notice: `The stub of ${event.letter} is restored.${kept}`,
      });
    }
    case "result-written":
      return withoutEffects({ ...model, view: "end", scroll: 0, resultFile: event.file });
    case "notice":
      return withoutEffects({ ...model, notice: event.text });
    case "progress":
      return withoutEffects({
        ...model,
        progress: event.progress,
        notice: event.notice ?? describeChange(model.progress, event.progress),
      });
  }
}

function saved(model: Model, letter: string): Updated {
  if (letter === model.progress.current) {
    return check({ ...model, notice: undefined }, letter);
  }
  const notice = `You saved exercise ${letter}. To check it go there (l, then ${letter.toLowerCase()}) and press c`;
  return withoutEffects({ ...model, notice });
}

function withChecking(model: Model, changed: Partial<Checking>): Model {
  const { checking } = model;
  return checking === undefined ? model : { ...model, checking: { ...checking, ...changed } };
}

function afterCheck(
  model: Model,
  { result, pass }: Extract<CourseEvent, { kind: "checked" }>,
): Model {
  const { exercise: letter, verdict } = result;
  const progress = withResult(model.progress, result, pass);
  const here = letter === progress.current;
  const updated = {
    ...model,
    progress,
    notice:
      verdict === "PASS"
        ? describePass(progress, letter)
        : here
          ? model.notice
          : `Exercise ${letter}: ${verdict}`,
  };
  // A pass shows the rationale; the current exercise does not change.
  return here && verdict === "PASS" && model.view === "exercise"
    ? { ...updated, view: "rationale", scroll: 0 }
    : updated;
}

function describePass(progress: Progress, letter: string): string {
  const { passed, of } = scoreOfProgress(progress);
  return passed === of
    ? `All ${of} have passed: ${describeLevel(levelOf(passed))}. Read why, then w finishes the course with your result file`
    : `Exercise ${letter} has passed. Read why, and go on (n) when you like`;
}

/** Describes a change that another process made to the progress. */
function describeChange(before: Progress, now: Progress): string {
  const passed = Object.keys(now.exercises).filter(
    (letter) => isPassed(now, letter) && !isPassed(before, letter),
  );
  return passed.length > 0
    ? `Passed in another terminal: ${passed.join(", ")}`
    : "Your progress was changed by another command";
}
