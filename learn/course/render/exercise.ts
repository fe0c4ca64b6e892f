import type { Book } from "../../book/book.ts";
import { renderMarkdown } from "../../book/markdown.ts";
import { renderResult, renderSteps } from "../../render/result.ts";
import type { Paint } from "../../terminal/paint.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Model } from "../model.ts";
import { progressOf } from "../progress.ts";

/** The exercise that the learner is at: what came of it, what is asked for, and the hints so far. */
export function renderExercise(book: Book, model: Model, width: number, paint: Paint): string[] {
  const { exercise, file, scenario, task, hints } = book;
  const { letter, title, rpc, strategies } = exercise;
  const shownHints = hints.slice(0, progressOf(model.progress, letter).hints);
  const names = strategies.map(({ name }) => name).sort();
  return [
    `${paint("bold", `${letter}  ${title}`)}: ${rpc}`,
    `Edit ${paint("cyan", file)}: it is checked when you save it.`,
    "",
    ...renderState(model, letter, width, paint),
    paint("bold", "Scenario"),
    ...renderMarkdown(scenario, width),
    "",
    paint("bold", "Task"),
    ...renderMarkdown(task, width),
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
  const { checking, results, progress } = model;
  if (checking?.letter === letter) {
    return [
      paint("bold", "Checking …"),
      ...renderSteps(checking.steps, width, paint),
      ...(checking.doing === undefined ? [] : [`  … ${checking.doing}`]),
      ...(checking.next === letter
        ? ["It was saved meanwhile, and is checked again after this."]
        : []),
      "",
    ];
  }
  const result = results[letter];
  if (result !== undefined) {
    return [...renderResult(result, width, paint), ""];
  }
  const { last, skipped } = progressOf(progress, letter);
  if (last !== undefined) {
    return [`When it was checked last: ${last}. c checks it again.`, ""];
  }
  return skipped ? ["You have skipped this one.", ""] : [];
}
