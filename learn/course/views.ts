import { type ExerciseProgress, isPassed, progressOf } from "@unblock/progress/progress";
import { exerciseOf, exercises } from "@unblock/proto/exercises";
import { type Paint, wrap, wrapBehind } from "@unblock/terminal/text";
import { type Book, readingFor } from "../book/book.ts";
import { renderMarkdown } from "../book/markdown.ts";
import { describeLevel, levelOf, levels } from "../levels.ts";
import { inWords, renderResult, renderSteps } from "../render.ts";
import { lastResult } from "../results.ts";
import { describeMemory, scoreOfProgress } from "../score.ts";
import type { Model } from "./model.ts";

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
    ...renderOutcome(model, letter, width, paint),
    ...Object.entries({ Scenario: scenario, Task: task, "What is checked": checked }).flatMap(
      ([heading, text]) => [paint("bold", heading), ...renderMarkdown(text, width), ""],
    ),
    ...wrap(
      `Decide between: ${names.join(", ")}. Say why in a line, then write the handler.`,
      width,
    ),
    ...shownHints.flatMap((hint, index) => ["", ...wrapBehind(`Hint ${index + 1}  `, hint, width)]),
  ];
}

function renderOutcome(model: Model, letter: string, width: number, paint: Paint): string[] {
  const { checking, progress } = model;
  if (checking?.letter === letter) {
    return [
      paint("bold", `Checking … ${checking.elapsedS} s`),
      ...renderSteps(checking.steps, width, paint),
      ...(checking.doing === undefined ? [] : [`  … ${checking.doing}`]),
      ...(checking.next.includes(letter)
        ? ["The file was saved again; it is checked again after this."]
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

export function renderList(model: Model, width: number, paint: Paint): string[] {
  const { progress, checking } = model;
  const { passed, of, review } = scoreOfProgress(progress);
  return [
    paint("bold", "The exercises; press a letter to go there"),
    ...exercises.flatMap((exercise) => {
      const { letter, title } = exercise;
      const here = letter === progress.current ? "›" : " ";
      const mark = renderMark(progressOf(progress, letter), paint);
      const text = `${title}${describeState(model, letter)}`;
      return wrapBehind(`${here} ${mark} ${letter}  `, text, width);
    }),
    ...(checking === undefined ? [] : [`Checking ${checking.letter} … ${checking.elapsedS} s`]),
    "",
    paint("bold", `Score ${passed}/${of}`),
    ...levels.flatMap((level) => {
      const { from, to } = level;
      const range = from === to ? `${from}` : `${from}–${to}`;
      const label = `${level === levelOf(passed) ? "›" : " "} ${range.padEnd(4)} `;
      return wrapBehind(label, describeLevel(level), width);
    }),
    "",
    ...describeMemory(progress, Date.now()).flatMap((line) => wrap(line, width)),
    ...(review.length === 0 ? [] : ["", paint("bold", "To review")]),
    ...review.map(exerciseOf).flatMap((exercise) => {
      const { rationale, partLink } = readingFor(exercise);
      return [
        ...wrap(exercise.title, width, `${exercise.letter}  `, "   "),
        ...[rationale, partLink].flatMap((path) => wrap(path, width, "   ")),
      ];
    }),
  ];
}

/** Mark of an exercise's state, distinct without colour. */
export function renderMark({ pass, last, skipped }: ExerciseProgress, paint: Paint): string {
  if (pass !== undefined) {
    return paint("green", "✓");
  }
  if (last === "FAIL") {
    return paint("red", "✗");
  }
  return skipped ? paint("yellow", "–") : paint("dim", "·");
}

function describeState({ progress, checking }: Model, letter: string): string {
  const { guess, last } = progressOf(progress, letter);
  const parts = [
    checking?.letter === letter && "being checked",
    checking?.next.includes(letter) && "to be checked",
    isPassed(progress, letter) && last === "FAIL" && "passed before, fails now",
    guess !== undefined && `guessed ${guess} on the page`,
  ].filter(Boolean);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

export function renderEnd({ progress, resultFile }: Model, width: number, paint: Paint): string[] {
  const { passed, of } = scoreOfProgress(progress);
  const text = (words: string) => wrap(words, width);
  return [
    ...text(`${passed} of ${of}: ${describeLevel(levelOf(passed))}`).map((line) =>
      paint("bold", line),
    ),
    "",
    ...exercises.flatMap(({ letter, title }) => {
      const { mistakes } = progressOf(progress, letter);
      const decided = lastResult(progress, letter)?.decided;
      const corrected = mistakes.map((name) => inWords(name).toLowerCase());
      const text = [
        title,
        decided !== undefined && `as ${decided}`,
        corrected.length > 0 && `corrected: ${corrected.join(", ")}`,
      ].filter(Boolean);
      const mark = isPassed(progress, letter) ? paint("green", "✓") : "·";
      return wrapBehind(`  ${mark} ${letter}  `, text.join("; "), width);
    }),
    "",
    ...describeMemory(progress, Date.now()).flatMap(text),
    paint("bold", "Your result file"),
    ...(resultFile === undefined
      ? []
      : [
          ...wrap(resultFile, width, "  "),
          ...text(
            "It contains your answers, the evidence of each check, and a signature. Anyone with this project can verify it offline:",
          ),
          ...wrap(`npm run learn -- --verify ${resultFile}`, width, "  "),
        ]),
    "",
    paint("bold", "What comes after"),
    ...text("npm run learn -- --quiz: six other scenarios, each measured on your machine."),
    ...text("npm run learn -- --review: asks again with other numbers before you forget."),
    ...text("docs/diagnose.md: find these mistakes in a service of your own."),
  ];
}
