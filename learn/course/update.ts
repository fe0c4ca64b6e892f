import { isPassed, type Progress } from "../../progress/progress.ts";
import { describeLevel, levelOf } from "../levels.ts";
import { withResult } from "../record-result.ts";
import { scoreOfProgress } from "../score.ts";
import { check, checkNext, type Updated, unchanged } from "./checking.ts";
import { pressKey } from "./keys.ts";
import type { Checking, CourseEvent, Model } from "./model.ts";

/** The model after an event, and the work that the event asks for. Pure: `run.ts` does that work. */
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
    case "tick":
      return unchanged(withChecking(model, { elapsedS: event.elapsedS }));
    case "checked":
      return checkNext(afterCheck(model, event));
    case "broken":
      return checkNext({
        ...model,
        notice: `The check failed, and your code is not the reason: ${event.problem}`,
      });
    case "reset": {
      const kept = event.aside === undefined ? "" : ` Your version is kept: ${event.aside}`;
      return unchanged({
        ...model,
        view: "exercise",
        scroll: 0,
        notice: `${event.letter} is the stub again.${kept}`,
      });
    }
    case "result-written":
      return unchanged({ ...model, view: "end", scroll: 0, resultFile: event.file });
    case "notice":
      return unchanged({ ...model, notice: event.text });
    case "progress":
      return unchanged({
        ...model,
        progress: event.progress,
        notice: event.notice ?? whatChanged(model.progress, event.progress),
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

function afterCheck(
  model: Model,
  { result, pass }: Extract<CourseEvent, { kind: "checked" }>,
): Model {
  const { exercise: letter, verdict } = result;
  const progress = withResult(model.progress, result, pass);
  const here = letter === progress.current;
  const told = {
    ...model,
    progress,
    notice:
      verdict === "PASS"
        ? describePass(progress, letter)
        : here
          ? model.notice
          : `Exercise ${letter}: ${verdict}`,
  };
  // Also after a lucky pass the reasons are there to read; the current exercise does not change.
  return here && verdict === "PASS" && model.view === "exercise"
    ? { ...told, view: "rationale", scroll: 0 }
    : told;
}

function describePass(progress: Progress, letter: string): string {
  const { passed, of } = scoreOfProgress(progress);
  return passed === of
    ? `All ${of} have passed: ${describeLevel(levelOf(passed))}. Read why, then w finishes the course with your result file`
    : `Exercise ${letter} has passed. Read why, and go on (n) when you like`;
}

/** The score is shared with `npm run check` and the page, whose news are worth a line. */
function whatChanged(before: Progress, now: Progress): string {
  const passed = Object.keys(now.exercises).filter(
    (letter) => isPassed(now, letter) && !isPassed(before, letter),
  );
  return passed.length > 0
    ? `Passed in another terminal: ${passed.join(", ")}`
    : "Your progress was changed by another command";
}
