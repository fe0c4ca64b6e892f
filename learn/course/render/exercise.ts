import { progressOf } from "../../../progress/progress.ts";
import type { Book } from "../../book/book.ts";
import { renderMarkdown } from "../../book/markdown.ts";
import { renderResult, renderSteps } from "../../render/result.ts";
import { lastResult } from "../../stored-result.ts";
import type { Paint } from "../../terminal/paint.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Model } from "../model.ts";

/** The exercise that the learner is at: what came of it, what is asked for, and the hints so far. */
export function renderExercise(book: Book, model: Model, width: number, paint: Paint): string[] {
  const { exercise, file, scenario, task, checked, hints } = book;
  const { letter, title, strategies } = exercise;
  const shownHints = hints.slice(0, progressOf(model.progress, letter).hints);
  const names = strategies.map(({ name }) => name).sort();
  return [
    paint("bold", `${letter}  ${title}`),
    ...wrap(`Edit ${file}: it is checked when you save it.`, width).map((line) =>
      line.replace(file, paint("cyan", file)),
    ),
    "",
    ...renderState(model, letter, width, paint),
    paint("bold", "Scenario"),
    ...renderMarkdown(scenario, width),
    "",
    paint("bold", "Task"),
    ...renderMarkdown(task, width),
    "",
    paint("bold", "What is checked"),
    ...renderMarkdown(checked, width),
    "",
    ...wrap(
      `Decide between: ${names.join(", ")}. Say why in a line, then write the handler.`,
      width,
    ),
    ...shownHints.flatMap((hint, index) => [
      "",
      ...wrap(hint, width, `Hint ${index + 1}  `, " ".repeat(8)),
    ]),
  ];
}

function renderState(model: Model, letter: string, width: number, paint: Paint): string[] {
  const { checking, progress } = model;
  if (checking?.letter === letter) {
    return [
      paint("bold", `Checking … ${checking.elapsedS} s`),
      ...renderSteps(checking.steps, width, paint),
      ...(checking.doing === undefined ? [] : [`  … ${checking.doing}`]),
      ...(checking.next.includes(letter)
        ? ["It was saved meanwhile, and is checked again after this."]
        : []),
      "",
    ];
  }
  const result = lastResult(progress, letter);
  if (result !== undefined) {
    return [...renderResult(result, width, paint), ""];
  }
  return progressOf(progress, letter).skipped ? ["You have skipped this one.", ""] : [];
}
